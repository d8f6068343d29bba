#include "support/spawn.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/process.h"
#include "support/wait.h"

namespace chatd::test {

namespace {

std::set<pid_t>& owned() {
    static std::set<pid_t> pids;
    return pids;
}

Fd open_pidfd(pid_t pid) {
    return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

int status_word(int wait_status) {
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

// A source may have the number of another target. So all sources are first moved to other numbers.
bool place_fds(const std::map<int, int>& fds, int first_free) {
    std::vector<std::pair<int, int>> moved;
    for (const auto& [target, source] : fds) {
        const int copy = ::fcntl(source, F_DUPFD_CLOEXEC, first_free);
        if (copy < 0) return false;
        moved.emplace_back(target, copy);
    }
    return std::all_of(moved.begin(), moved.end(),
                       [](const auto& fd) { return ::dup2(fd.second, fd.first) >= 0; });
}

bool become_child(const Spawn& spawn, pid_t parent, int report) {
    if (spawn.own_group) ::setpgid(0, 0);
    // The parent may have ended before prctl(2): then no signal would come.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent) return false;
    // The test may ignore it (see Command). Programs start with signals as from a shell.
    (void)std::signal(SIGPIPE, SIG_DFL);
    for (const auto& [name, value] : spawn.env) ::setenv(name.c_str(), value.c_str(), 1);

    const int first_free = spawn.fds.empty() ? 3 : std::max(3, spawn.fds.rbegin()->first + 1);
    if (!place_fds(spawn.fds, std::max(first_free, report + 1))) return false;
    // Not all descriptors of Criterion are close-on-exec.
    for (int fd = 3; fd < first_free; ++fd) {
        if (!spawn.fds.contains(fd) && fd != report) ::close(fd);
    }
    ::close_range(static_cast<unsigned>(first_free), ~0U, CLOSE_RANGE_CLOEXEC);
    if (spawn.before_exec) spawn.before_exec();
    return true;
}

[[noreturn]] void run_child(const Spawn& spawn, pid_t parent, int report) {
    try {
        errno = 0;
        if (become_child(spawn, parent, report)) {
            std::vector<char*> argv;
            for (const std::string& word : spawn.argv)
                argv.push_back(const_cast<char*>(word.c_str()));
            argv.push_back(nullptr);
            ::execvp(argv[0], argv.data());
        }
    } catch (const std::exception&) {
        errno = ECANCELED;
    }
    const int error = errno;
    (void)!::write(report, &error, sizeof error);
    ::_exit(127);
}

}  // namespace

Child::Child(const Spawn& spawn) : group_(spawn.own_group) {
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) throw system_error("PR_SET_CHILD_SUBREAPER");
    Pipe report = make_pipe();
    // A number above those of all descriptors that the child gets, so that none replaces it.
    report.write = Fd(::fcntl(report.write.get(), F_DUPFD_CLOEXEC, 100));
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) throw system_error("fork");
    if (pid_ == 0) run_child(spawn, parent, report.write.get());

    if (spawn.own_group) ::setpgid(pid_, pid_);
    pidfd_ = open_pidfd(pid_);
    owned().insert(pid_);
    report.write.reset();
    int error = 0;
    if (::read(report.read.get(), &error, sizeof error) == sizeof error) {
        ::waitpid(pid_, nullptr, 0);
        owned().erase(pid_);
        throw system_error("cannot run " + spawn.argv.at(0), error);
    }
}

Child::~Child() {
    if (!status_) {
        kill_group();
        ::waitpid(pid_, nullptr, 0);
    }
    owned().erase(pid_);
}

void Child::signal(int number) const {
    if (!status_) ::kill(pid_, number);
}

void Child::kill_group() const {
    if (!status_) ::kill(group_ ? -pid_ : pid_, SIGKILL);
}

std::optional<int> Child::status(Deadline deadline) {
    if (status_ || !wait_for(pidfd(), POLLIN, deadline)) return status_;
    int wait_status = 0;
    if (::waitpid(pid_, &wait_status, 0) != pid_) throw system_error("waitpid");
    owned().erase(pid_);
    status_ = status_word(wait_status);
    return status_;
}

std::vector<pid_t> strays() {
    std::vector<pid_t> pids;
    for (const Process& process : children(::getpid())) {
        if (!owned().contains(process.pid)) pids.push_back(process.pid);
    }
    return pids;
}

std::vector<pid_t> reap_strays(Deadline deadline) {
    // A stray that ends may leave children, which become children of the test in turn.
    for (;;) {
        const std::vector<pid_t> pids = strays();
        if (pids.empty()) return {};
        std::vector<Fd> fds;
        std::vector<pollfd> waiting;
        for (const pid_t pid : pids) {
            fds.push_back(open_pidfd(pid));
            waiting.push_back({.fd = fds.back().get(), .events = POLLIN, .revents = 0});
        }
        if (!wait_any(waiting, deadline)) return pids;
        for (const pid_t pid : pids) ::waitpid(pid, nullptr, WNOHANG);
    }
}

void kill_strays() {
    for (std::vector<pid_t> left = strays(); !left.empty(); left = strays()) {
        for (const pid_t pid : left) ::kill(pid, SIGKILL);
        if (!reap_strays(soon()).empty()) return;
    }
}

}  // namespace chatd::test
