// A program at a terminal of its own, as people have it: what is typed is echoed, and Ctrl-C and
// Ctrl-D do what the program has the terminal do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/fd.h"
#include "support/reader.h"
#include "support/spawn.h"

namespace chatd::test {

class Terminal {
  public:
    // The program is looked up in PATH.
    explicit Terminal(std::vector<std::string> argv);

    void type(std::string_view keys);

    // What is on the screen, the echo too; lines end with "\r\n". See Reader.
    std::string expect(std::string_view text) { return screen_.expect(text); }
    [[nodiscard]] const std::string& pending() { return screen_.pending(); }

    // Waits for the end of the program. Exit status, or 128 + n when signal n killed it.
    int wait();

  private:
    struct Ends {
        Fd ours;
        Fd its;
    };
    static Ends open_ends();
    Terminal(std::vector<std::string> argv, Ends ends);

    std::string name_;
    Fd keys_;
    Reader screen_;
    Child child_;
};

}  // namespace chatd::test
