// A program at a terminal of its own: what is typed is echoed, and Ctrl-C and Ctrl-D do what the
// program has set the terminal to do.
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

    void type(std::string_view keys, Where where = Where::here());

    // These read the screen, including the echo; lines end with "\r\n". See Reader.
    std::string expect(std::string_view text, Where where = Where::here()) {
        return screen_.expect(text, where);
    }
    [[nodiscard]] const std::string& pending() { return screen_.pending(); }

    // Hangs up, as when somebody closes the window.
    void close() {
        keys_.reset();
        screen_.close();
    }

    // Waits for the end of the program. Returns its exit status, or 128 + n when signal n killed
    // it.
    int wait(Where where = Where::here());

  private:
    struct Ends {
        Fd ours;  // keys and screen: the test's end
        Fd its;   // the terminal that the program has
    };
    static Ends open_ends();
    Terminal(std::vector<std::string> argv, Ends ends);

    std::string name_;
    Fd keys_;
    Reader screen_;
    Child child_;
};

}  // namespace chatd::test
