// Makes a process fail at the fault point that CHATD_FAULT names: see base/fault.h. Only the
// program that tests make fail is linked with this file.
#include "base/fault.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <new>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace chatd {
namespace {

constexpr const char* kActions[] = {"kill", "segv", "abort", "stop", "spin",   "nomem", "exit",
                                    "fail", "open", "inet",  "fork", "signal", "trace"};

// One line of CHATD_FAULT: the process that it is for, and what is to happen there.
class Plan {
  public:
    explicit Plan(const std::string& text) {
        if (!parse(text)) throw std::runtime_error("CHATD_FAULT: " + text);
        void* const shared = ::mmap(nullptr, sizeof *passes_, PROT_READ | PROT_WRITE,
                                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED) throw std::runtime_error("CHATD_FAULT: no memory");
        passes_ = static_cast<std::uint64_t*>(shared);
    }

    [[nodiscard]] bool pass(std::string_view name, std::string_view detail) const {
        if (name_ != name || (detail_ && *detail_ != detail)) return false;
        const std::uint64_t pass = std::atomic_ref(*passes_).fetch_add(1) + 1;
        return (pass == pass_ || (again_ && pass > pass_)) && act();
    }

  private:
    // Action and pass are at the end: a point has a colon in its name, a detail may have some.
    bool parse(std::string_view plan) {
        const auto take_last = [&plan] {
            const std::size_t colon = std::min(plan.rfind(':'), plan.size());
            const std::string_view last = plan.substr(std::min(colon + 1, plan.size()));
            plan = plan.substr(0, colon);
            return last;
        };
        action_ = take_last();
        std::string_view pass = take_last();
        again_ = pass.ends_with('+');
        pass.remove_suffix(again_ ? 1 : 0);
        const auto [end, error] = std::from_chars(pass.data(), pass.data() + pass.size(), pass_);
        const std::size_t equals = plan.find('=');
        name_ = plan.substr(0, equals);
        if (equals != std::string_view::npos) detail_ = plan.substr(equals + 1);
        return error == std::errc() && end == pass.data() + pass.size() && pass_ > 0 &&
               !name_.empty() && std::ranges::find(kActions, action_) != std::end(kActions);
    }

    [[nodiscard]] bool act() const {
        if (action_ == "fail") return true;
        if (action_ == "nomem") throw std::bad_alloc();
        if (action_ == "exit") std::exit(EXIT_FAILURE);
        // The compiler may leave out a loop that does nothing for ever, unless it reads a volatile.
        for (const volatile bool spins = action_ == "spin"; spins;) continue;
        if (break_out()) return false;
        const int signal = action_ == "kill"    ? SIGKILL
                           : action_ == "segv"  ? SIGSEGV
                           : action_ == "abort" ? SIGABRT
                                                : SIGSTOP;
        (void)::raise(signal);
        return false;
    }

    // Does what an intruder would try who controls this process. Whether it succeeds does not
    // matter: where the sandbox forbids it, the kernel kills the process.
    [[nodiscard]] bool break_out() const {
        const pid_t other = ::getpid() - 1;
        if (action_ == "open") return ::open("/etc/passwd", O_RDONLY) > -2;
        if (action_ == "inet") return ::socket(AF_INET, SOCK_STREAM, 0) > -2;
        if (action_ == "fork") return ::fork() > -2;
        if (action_ == "signal") return ::kill(other, SIGTERM) > -2;
        if (action_ == "trace") return ::ptrace(PTRACE_ATTACH, other, nullptr, nullptr) > -2;
        return false;
    }

    std::string name_;
    std::optional<std::string> detail_;  // none: every detail counts
    std::uint64_t pass_ = 0;
    bool again_ = false;
    std::string action_;
    std::uint64_t* passes_ = nullptr;
};

// All that CHATD_FAULT asks for. Made before main(), so that all processes share the counts of
// passes.
std::vector<Plan> read_plans() {
    const char* const variable = std::getenv("CHATD_FAULT");
    std::istringstream lines(variable == nullptr ? "" : variable);
    std::vector<Plan> plans;
    for (std::string line; std::getline(lines, line);) {
        if (!line.empty()) plans.emplace_back(line);
    }
    return plans;
}

const std::vector<Plan> plans = read_plans();

}  // namespace

bool fault_point(const char* name, std::string_view detail) {
    bool fails = false;
    for (const Plan& plan : plans) fails |= plan.pass(name, detail);
    return fails;
}

}  // namespace chatd
