#include "chaos/wrecker.h"

#include <signal.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <utility>

namespace chatd::test {
namespace {

namespace fs = std::filesystem;

double seconds(Clock::duration time) {
    return std::chrono::duration<double>(time).count();
}

}  // namespace

Programs::Programs(std::string first, std::string second)
    : now_(std::move(first)), other_(std::move(second)) {
    fs::copy_file(now_, path());
}

void Programs::exchange() {
    std::swap(now_, other_);
    fs::copy_file(now_, path() + ".new", fs::copy_options::overwrite_existing);
    fs::rename(path() + ".new", path());
}

// --- The processes of the server
// ------------------------------------------------------------------

bool Wrecker::is_ours(pid_t pid) const {
    const auto found = process(pid);
    return found && found->ppid == daemon_.pid() && found->state != 'Z';
}

pid_t Wrecker::broker() const {
    for (const Process& child : children(daemon_.pid())) {
        if (child.comm == "chatd-broker" && child.state != 'Z') return child.pid;
    }
    return -1;
}

pid_t Wrecker::worker_of(const Crowd::Victim& victim) const {
    const std::string peer = " 127.0.0.1:" + std::to_string(victim.port);
    for (const Process& child : children(daemon_.pid())) {
        const bool is_it =
            child.cmdline.starts_with("chatd: worker ") &&
            (child.cmdline.ends_with(peer) || child.cmdline.find(peer + " (") != std::string::npos);
        if (is_it && child.state != 'Z') return child.pid;
    }
    return -1;
}

// --- Deeds ---------------------------------------------------------------------------------------

void Wrecker::did(const std::string& deed, pid_t pid) {
    ++deeds_[deed];
    char line[128];
    (void)std::snprintf(line, sizeof line, "%9.3f s  %s, pid %d", seconds(Clock::now() - began_),
                        deed.c_str(), pid);
    diary_.emplace_back(line);
}

void Wrecker::measure(const std::string& deed) {
    measured_ = deed;
    crowd_.pulse();
}

void Wrecker::signal_broker(const std::string& deed, int signal) {
    const pid_t pid = broker();
    if (pid < 0) return;
    (void)kill(pid, signal);
    did(deed, pid);
    measure(deed);
}

void Wrecker::stop(const std::string& deed, pid_t pid, std::size_t milliseconds) {
    if (pid < 0) return;
    (void)kill(pid, SIGSTOP);
    did(deed, pid);
    stopped_.push_back({pid, Clock::now() + std::chrono::milliseconds(milliseconds), deed});
}

void Wrecker::go_on(const Stopped& stopped) {
    // The pid may be that of another process now, if the stopped one was killed.
    if (!is_ours(stopped.pid)) return;
    (void)kill(stopped.pid, SIGCONT);
    if (stopped.deed == "broker stopped") measure(stopped.deed);
}

// Kills each new broker as soon as it is there.
void Wrecker::volley() {
    const Deadline deadline = soon();
    pid_t last = -1;
    for (int shots = 0; shots < 20 && Clock::now() < deadline;) {
        const pid_t pid = broker();
        if (pid >= 0 && pid != last) {
            (void)kill(last = pid, SIGKILL);
            ++shots;
        }
        crowd_.turn(Clock::now());
    }
    did("twenty brokers killed in a row", last);
    measure("twenty brokers killed in a row");
}

void Wrecker::upgrade() {
    programs_.exchange();
    (void)kill(daemon_.pid(), SIGHUP);
    did("upgrade", daemon_.pid());
    measure("upgrade");
}

void Wrecker::wreck_worker() {
    const auto victim = crowd_.victim();
    if (!victim) return;
    const pid_t pid = worker_of(*victim);
    if (pid < 0) return;
    switch (random_.below(3)) {
        case 0:
            crowd_.will_be_killed(*victim);
            (void)kill(pid, SIGKILL);
            return did("worker killed", pid);
        case 1:
            crowd_.will_be_killed(*victim);
            (void)kill(pid, SIGKILL);
            did("worker and broker killed", pid);
            return signal_broker("broker killed", SIGKILL);
        default: return stop("worker stopped", pid, 50 + random_.below(1500));
    }
}

void Wrecker::wreck() {
    if (!measured_.empty()) return;
    for (const Stopped& stopped : stopped_) {
        if (stopped.deed == "broker stopped") return;
    }
    switch (random_.below(16)) {
        case 0:
        case 1:
        case 2: return signal_broker("broker killed", SIGKILL);
        case 3: return signal_broker("broker crashed (SEGV)", SIGSEGV);
        case 4: return signal_broker("broker crashed (ABRT)", SIGABRT);
        case 5:
        case 6: return stop("broker stopped", broker(), 50 + random_.below(450));
        case 7: return volley();
        case 8:
        case 9: return upgrade();
        default: return wreck_worker();
    }
}

void Wrecker::turn() {
    const Deadline now = Clock::now();
    std::vector<Stopped> due;
    std::erase_if(stopped_, [&](const Stopped& stopped) {
        if (stopped.until <= now) due.push_back(stopped);
        return stopped.until <= now;
    });
    for (const Stopped& stopped : due) go_on(stopped);
    if (const auto took = crowd_.pulse_heard()) {
        if (!measured_.empty()) pauses_s_[measured_].push_back(seconds(*took));
        measured_.clear();
    }
}

void Wrecker::stop_wrecking() {
    for (const Stopped& stopped : std::exchange(stopped_, {})) go_on(stopped);
    measured_.clear();
}

}  // namespace chatd::test
