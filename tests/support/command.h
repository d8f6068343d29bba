// A program that a test runs or talks to, such as nc, ps or pstree.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "support/fd.h"
#include "support/reader.h"
#include "support/spawn.h"

namespace chatd::test {

struct CommandOptions {
    bool merge_stderr = true;                     // else err() has it
    std::map<std::string, std::string> env = {};  // besides ours
    std::function<void()> before_exec = {};       // in the child
    std::chrono::seconds takes{0};                // what it is asked to take, besides our patience
};

class Command {
  public:
    // The program is looked up in PATH.
    explicit Command(std::vector<std::string> argv, CommandOptions options = {});

    void write(std::string_view text);
    void write_line(std::string_view line);  // and "\n"
    void close_stdin() { in_.reset(); }

    // What it prints: see Reader.
    std::string expect(std::string_view text) { return out_.expect(text); }
    std::string line() { return out_.line(); }
    void expect_line(std::string_view whole) { out_.expect_line(whole); }
    void expect_eof() { out_.expect_eof(); }
    std::string rest() { return out_.rest(); }
    [[nodiscard]] bool quiet() { return out_.quiet(); }
    [[nodiscard]] const std::string& pending() { return out_.pending(); }
    [[nodiscard]] Reader& err() { return err_; }

    void signal(int number) const { child_.signal(number); }
    [[nodiscard]] pid_t pid() const { return child_.pid(); }

    // Waits for the end of the program; stdin stays as it is. What it printed stays to be read.
    // Exit status, or 128 + n when signal n killed it.
    int wait();

    struct Result {
        int status = 0;
        std::string out;
        std::string err;  // empty when merged
    };

    // Runs it to its end with this input.
    static Result run(std::vector<std::string> argv, std::string_view input = {},
                      CommandOptions options = {});

  private:
    struct Pipes;
    Command(std::vector<std::string> argv, CommandOptions options, Pipes pipes);
    int pump(std::string_view input, bool then_close);

    std::string name_;
    std::chrono::seconds takes_;
    Fd in_;
    Reader out_;
    Reader err_;
    Child child_;
};

}  // namespace chatd::test
