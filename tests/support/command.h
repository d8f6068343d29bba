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
    bool merge_stderr = true;                     // false: err() has stderr
    std::map<std::string, std::string> env = {};  // added to the test's own environment
    std::function<void()> before_exec = {};       // runs in the child
    std::chrono::seconds takes{0};                // how long the program is meant to run
};

class Command {
  public:
    // The program is looked up in PATH.
    explicit Command(std::vector<std::string> argv, CommandOptions options = {});

    void write(std::string_view text, Where where = Where::here());
    void write_line(std::string_view line, Where where = Where::here());  // `line` and "\n"
    void close_stdin() { in_.reset(); }

    // These read the output of the program: see Reader.
    std::string expect(std::string_view text, Where where = Where::here()) {
        return out_.expect(text, where);
    }
    std::string line(Where where = Where::here()) { return out_.line(where); }
    void expect_line(std::string_view whole, Where where = Where::here()) {
        out_.expect_line(whole, where);
    }
    void expect_eof(Where where = Where::here()) { out_.expect_eof(where); }
    std::string rest(Where where = Where::here()) { return out_.rest(where); }
    [[nodiscard]] bool quiet() { return out_.quiet(); }
    [[nodiscard]] const std::string& pending() { return out_.pending(); }
    [[nodiscard]] Reader& err() { return err_; }

    void signal(int number) const { child_.signal(number); }
    void kill_group() const { child_.kill_group(); }
    [[nodiscard]] pid_t pid() const { return child_.pid(); }

    // Waits for the end of the program; stdin stays as it is. What the program printed can still be
    // read. Returns its exit status, or 128 + n when signal n killed it.
    int wait(Where where = Where::here());

    struct Result {
        int status = 0;
        std::string out;
        std::string err;  // empty when stderr is merged into `out`
    };

    // Runs a program with this input to its end.
    static Result run(std::vector<std::string> argv, std::string_view input = {},
                      CommandOptions options = {}, Where where = Where::here());

  private:
    struct Pipes;
    Command(std::vector<std::string> argv, CommandOptions options, Pipes pipes);
    int pump(std::string_view input, bool then_close, const Where& where);

    std::string name_;
    std::chrono::seconds takes_;
    Fd in_;
    Reader out_;
    Reader err_;
    Child child_;
};

}  // namespace chatd::test
