// The user's terminal: raw mode while the client runs, and the terminal as it was at every end.
// This file must never decide what is shown.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "sys/fd.h"

namespace chatd {

class Terminal {
  public:
    // Takes stdin and stdout, which must be a terminal (isatty(3)): no echo, no lines, no signals
    // by keys, and pasted text in brackets. From here on a process that dies of an error (SIGSEGV,
    // abort(3), …) leaves the terminal as it was, too. Throws SetupError. There is one object at
    // most, because the handlers of these signals have to know it.
    Terminal();
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    ~Terminal();  // gives the terminal back

    // Gives the terminal back, and takes it again: around the time in which the process is stopped.
    void give_back();
    void take();

    [[nodiscard]] int input() const { return 0; }
    [[nodiscard]] int output() const { return output_; }

    // The bytes that were typed; none when there are none now. False: the terminal has hung up.
    [[nodiscard]] bool read(std::string& bytes) const;

    // Writes what the terminal takes now, and erases that. A terminal that has hung up takes all.
    void write(std::string& bytes) const;
    // Waits until the terminal takes them, but no longer than kLastBytesTime after the last one.
    void write_last(std::string& bytes) const;

    [[nodiscard]] std::size_t columns() const;  // at least 1

  private:
    UniqueFd own_;    // the terminal, opened anew: so that it alone does not wait
    int output_ = 1;  // own_, or stdout where that could not be opened
};

}  // namespace chatd
