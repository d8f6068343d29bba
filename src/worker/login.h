// The login: from the prompt until the client has told a name that will do. Whether a good name is
// still free is for the room to say.
//
// This file must never send anything to the broker.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "worker/commands.h"
#include "worker/line.h"
#include "worker/screen.h"

namespace chatd {

class Login {
  public:
    // Shows the prompt.
    explicit Login(Screen& screen) : screen_(screen) { screen_.prompt(Text::Prompt); }

    enum class Step : std::uint8_t {
        Waits,        // the prompt is shown again
        NameRefused,  // the same; what the client has sent behind the name must not be read
        NameTold,     // name() is good
        Quit,         // the client has said /quit
        Refused,      // the client gets no further: it is to be closed
    };

    // A line at the prompt: a name, or one of the commands that need none.
    [[nodiscard]] Step handle_line(const LineReader::Line& line);

    [[nodiscard]] Step refuse_taken_name() { return refuse_name(Text::NameTaken, name_); }
    [[nodiscard]] Step refuse_protocol(std::string_view protocol);

    // The last good name; empty: there was none yet.
    [[nodiscard]] const std::string& name() const { return name_; }

  private:
    [[nodiscard]] Step obey(const Command& command);
    [[nodiscard]] Step refuse_name(Text reason, std::string_view filling = {});

    Screen& screen_;
    std::string name_;
    int attempts_ = 0;
};

}  // namespace chatd
