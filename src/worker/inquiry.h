// The inquiry: what the client asks the lookout, and how it reads the answer. One is open at a
// time.
//
// This file must never make a system call, and nothing of what the lookout says reaches the client
// uncleaned: the lookout reads what processes call themselves.
#pragma once

#include <string>
#include <string_view>

#include "protocol/frame.h"
#include "worker/ps_table.h"
#include "worker/screen.h"

namespace chatd {

class Inquiry {
  public:
    explicit Inquiry(Screen& screen) : screen_(screen) {}  // must outlive this object

    enum class Form : std::uint8_t { Table, Tree };

    // prefix: as in AskProcesses, clean.
    void ask(Form form, std::string_view prefix);

    [[nodiscard]] bool is_open() const { return !question_.empty(); }
    [[nodiscard]] const std::string& question() const { return question_; }  // a frame

    // Takes a frame of the answer; the last one shows it and closes the inquiry. False: no lookout
    // sends this frame, or so many.
    [[nodiscard]] bool take(const Frame& frame, const OwnNews& own);

    void fail();  // Says that there is no answer, and closes the inquiry. Closed: does nothing.

  private:
    void close();
    void show(const OwnNews& own, std::uint32_t left_out);

    Screen& screen_;
    Form form_ = Form::Table;
    std::string prefix_;
    std::uint64_t line_ = 0;  // of the client, see Screen::answers()
    std::string question_;    // empty: the inquiry is closed
    std::string answer_;      // frames
};

}  // namespace chatd
