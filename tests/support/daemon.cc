#include "support/daemon.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "support/command.h"
#include "support/fd.h"
#include "support/file.h"
#include "support/process.h"
#include "support/reader.h"
#include "support/spawn.h"
#include "support/wait.h"

namespace chatd::test {

namespace {

// chatd promises to end within five seconds after SIGTERM.
constexpr auto kStopPatience = std::chrono::seconds(6);

// While a test does other things it does not read the journal, and chatd must not wait for it.
constexpr int kLogPipeBytes = 1024 * 1024;

std::string chatd_program() {
    const char* path = std::getenv("CHATD");
    if (path == nullptr) throw std::runtime_error("CHATD is not set: run the tests by make");
    return path;
}

std::vector<std::string> words_of(const char* variable) {
    const char* const value = std::getenv(variable);
    std::istringstream text(value == nullptr ? "" : value);
    return {std::istream_iterator<std::string>(text), {}};
}

void add(std::vector<std::string>& argv, const char* option,
         const std::optional<std::string>& value) {
    if (!value) return;
    argv.emplace_back(option);
    argv.push_back(*value);
}

std::vector<std::string> command_line(const DaemonOptions& options, const std::string& run_dir) {
    // A program that runs chatd and watches it: the goal `valgrind` of the Makefile sets it.
    std::vector<std::string> argv = words_of("WRAPPER");
    argv.push_back(options.program.empty() ? chatd_program() : options.program);
    add(argv, "-b", options.address);
    add(argv, "-p", options.port);
    add(argv, "--lang", options.lang);
    if (options.run_dir) add(argv, "--run-dir", run_dir);
    add(argv, "--rate", options.rate);
    if (!options.penalties) argv.emplace_back("--no-penalties");
    // The goal `report` of the Makefile sets it.
    if (const char* const mode = std::getenv("SANDBOX"); mode != nullptr && *mode != '\0') {
        add(argv, "--sandbox", mode);
    }
    add(argv, "--ready-fd", std::to_string(options.ready_fd));
    argv.insert(argv.end(), options.args.begin(), options.args.end());
    return argv;
}

std::string described(pid_t pid) {
    const auto found = process(pid);
    if (!found) return "\n  " + std::to_string(pid) + " (gone now)";
    return "\n  " + std::to_string(pid) + " " + found->state + " " + found->comm + ": " +
           found->cmdline;
}

std::vector<pid_t> group_members(pid_t group) {
    std::vector<pid_t> pids;
    for (const Process& one : all_processes()) {
        if (one.pgrp == group) pids.push_back(one.pid);
    }
    return pids;
}

std::vector<std::string> sockets_in(const std::string& directory) {
    std::vector<std::string> found;
    std::error_code missing;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, missing)) {
        if (entry.is_socket()) found.push_back(entry.path());
    }
    return found;
}

bool has_sanitizer_report(std::string_view log) {
    return log.find("Sanitizer:") != std::string_view::npos ||
           log.find(": runtime error: ") != std::string_view::npos ||
           log.find("\n==") != std::string_view::npos;  // valgrind
}

bool has_sandbox_kill(std::string_view log) {
    return log.find("killed by signal " + std::to_string(SIGSYS)) != std::string_view::npos;
}

}  // namespace

std::string failing_program() {
    const char* const directory = std::getenv("HELPERS");
    if (directory == nullptr) throw std::runtime_error("HELPERS is not set");
    return std::string(directory) + "/chatd-faults";
}

DaemonOptions failing(const std::string& fault, std::vector<std::string> args) {
    // A SIGSEGV that the test asks for must not become a report of the sanitizer.
    return {.args = std::move(args),
            .env = {{"CHATD_FAULT", fault}, {"ASAN_OPTIONS", "handle_segv=0"}},
            .program = failing_program()};
}

DaemonOptions with_strangers(const std::string& fault) {
    return failing(fault + "\nbroker:takes-strangers:1+:fail");
}

void give_to_chatd(const std::string& path) {
    constexpr uid_t kNobody = 65534;
    if (::geteuid() == 0 && ::chown(path.c_str(), kNobody, kNobody) != 0) throw system_error(path);
}

void write_file_for_chatd(const std::string& path, const std::string& bytes) {
    write_file(path, bytes);
    give_to_chatd(path);
}

std::string own_uid() {
    return std::to_string(::geteuid());
}

Scratch::Scratch() {
    const char* directory = std::getenv("TMPDIR");
    path_ = std::string(directory == nullptr ? "/tmp" : directory) + "/test-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) throw system_error("mkdtemp");
    give_to_chatd(path_);
}

Scratch::~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

struct Daemon::Plumbing {
    Fd in = Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    Pipe log = make_pipe();
    Pipe ready = make_pipe();

    [[nodiscard]] std::map<int, int> fds(const DaemonOptions& options) const {
        std::map<int, int> all = options.fds;
        all.insert({{0, in.get()},
                    {1, log.write.get()},
                    {2, log.write.get()},
                    {options.ready_fd, ready.write.get()}});
        return all;
    }

    Plumbing() { (void)::fcntl(log.write.get(), F_SETPIPE_SZ, kLogPipeBytes); }
};

Daemon::Daemon(std::vector<std::string> args, Where where)
    : Daemon(DaemonOptions{.args = std::move(args)}, where) {}

Daemon::Daemon(DaemonOptions options, Where where)
    : Daemon(std::move(options), Plumbing(), where) {}

Daemon::Daemon(DaemonOptions options, Plumbing plumbing, const Where& where)
    : run_dir_(options.run_dir.value_or("")),
      ready_(std::move(plumbing.ready.read), "ready fd"),
      log_(std::move(plumbing.log.read), "log"),
      child_(Spawn{.argv = command_line(
                       options, run_dir_.empty() ? run_dir_ = scratch_.path() + "/run" : run_dir_),
                   .fds = plumbing.fds(options),
                   .env = std::move(options.env),
                   .before_exec = std::move(options.before_exec)}),
      sandbox_may_kill_(options.sandbox_may_kill) {
    // While a write end is open here, the pipe would never end.
    plumbing.log.write.reset();
    plumbing.ready.write.reset();
    read_port(where);
}

Daemon::~Daemon() {
    try {
        if (!child_.status()) {
            signal(SIGTERM);
            if (!end_by(Clock::now() + kStopPatience)) child_.kill_group();
            (void)end_by(soon());
        }
        kill_strays();
        if (logged("not on the list of the sandbox") != 0) {
            (void)std::fprintf(stderr, "the sandbox lacks something; log of chatd:\n%s---\n",
                               log().c_str());
            std::abort();  // Because not every test calls expect_nothing_left().
        }
        if (std::uncaught_exceptions() > 0 && !log_shown_) {
            (void)std::fprintf(stderr, "--- log of chatd:\n%s---\n", log().c_str());
        }
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "stopping chatd: %s\n", error.what());
    }
}

void Daemon::read_port(const Where& where) {
    const Deadline deadline = soon();
    while (ready_.pending().find('\n') == std::string::npos && !ready_.ended()) {
        if (!wait_for(ready_.fd(), POLLIN, deadline)) break;
    }
    const std::string& text = ready_.pending();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port_);
    if (error != std::errc{} || port_ == 0) {
        // If chatd has ended, its pipe ends a moment before the process does.
        (void)end_by(ready_.ended() ? soon() : Deadline{});
        // The destructor does not run when the constructor throws.
        const std::string status = child_.status() ? std::to_string(*child_.status()) : "none";
        child_.kill_group();
        (void)end_by(soon());
        kill_strays();
        fail("chatd told no port; exit status " + status, where);
    }
}

const std::string& Daemon::log() {
    return log_.pending();
}

std::string Daemon::wait_log(std::string_view text, Where where) {
    const Deadline deadline = soon();
    for (;;) {
        const std::string& all = log();
        for (std::size_t end = all.find('\n', log_seen_); end != std::string::npos;
             end = all.find('\n', log_seen_)) {
            const std::string line = all.substr(log_seen_, end - log_seen_);
            log_seen_ = end + 1;
            if (line.find(text) != std::string::npos) return line;
        }
        if (log_.ended() || !wait_for(log_.fd(), POLLIN, deadline)) {
            fail("no line of the log contains \"" + std::string(text) + "\"", where);
        }
    }
}

// Looks again and again, because nothing announces when a new process has got its name.
pid_t Daemon::broker(pid_t before, Where where) const {
    for (const Deadline deadline = soon(); Clock::now() < deadline;) {
        for (const Process& child : children(pid())) {
            if (child.comm == "chatd-broker" && child.pid != before && child.state != 'Z') {
                return child.pid;
            }
        }
    }
    throw failure("there is no broker", where);
}

int Daemon::logged(std::string_view text) {
    int lines = 0;
    const std::string& all = log();
    for (std::size_t at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) {
        ++lines;
    }
    return lines;
}

int Daemon::wait(Where where) {
    const auto status = end_by(soon());
    if (!status) fail("chatd does not end", where);
    return *status;
}

int Daemon::stop(Where where) {
    signal(SIGTERM);
    const auto status = end_by(Clock::now() + kStopPatience);
    if (!status) {
        child_.kill_group();
        fail("chatd did not end after SIGTERM", where);
    }
    return *status;
}

std::optional<int> Daemon::end_by(Deadline deadline) {
    for (;;) {
        const bool more = log_.fill();
        if (const auto status = child_.status()) return status;
        std::array<pollfd, 2> waiting{{
            {.fd = child_.pidfd(), .events = POLLIN, .revents = 0},
            {.fd = more ? log_.fd() : -1, .events = POLLIN, .revents = 0},
        }};
        if (!wait_any(waiting, deadline)) return std::nullopt;
    }
}

void Daemon::expect_nothing_left(Where where) {
    if (!child_.status()) throw std::logic_error("expect_nothing_left(): chatd still runs");

    std::string left;
    for (const pid_t pid : reap_strays(soon())) left += described(pid);
    if (left.empty()) {
        for (const pid_t pid : group_members(pid())) left += described(pid);
    }
    if (!left.empty()) fail("processes are left:" + left, where);

    for (const std::string& path : sockets_in(run_dir_)) left += "\n  " + path;
    if (!left.empty()) fail("sockets are left:" + left, where);

    if (has_sanitizer_report(log())) fail("a sanitizer complains", where);
    if (!sandbox_may_kill_ && has_sandbox_kill(log())) fail("the sandbox has killed", where);
}

void Daemon::finish(Where where) {
    const int status = stop(where);
    if (status != 0) fail("chatd ended with exit status " + std::to_string(status), where);
    expect_nothing_left(where);
}

void Daemon::fail(const std::string& what, const Where& where) {
    log_shown_ = true;
    throw failure(what + "; log of chatd:\n" + log(), where);
}

Command::Result run_to_end(const std::vector<std::string>& args, CommandOptions options,
                           Where where) {
    std::vector<std::string> argv{chatd_program()};
    argv.insert(argv.end(), args.begin(), args.end());
    return Command::run(std::move(argv), {}, std::move(options), where);
}

}  // namespace chatd::test
