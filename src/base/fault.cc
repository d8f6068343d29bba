#include "base/fault.h"

#ifdef CHATD_FAULTS

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>

namespace chatd {
namespace {

// What CHATD_FAULT asks for. Made before main, so that all processes share one count.
class Plan {
  public:
    Plan() {
        const char* const text = std::getenv("CHATD_FAULT");
        if (text == nullptr || *text == '\0') return;
        const std::string plan(text);
        const std::size_t name_end = plan.find(':', plan.find(':') + 1);
        const std::size_t count_end = plan.find(':', name_end + 1);
        if (count_end == std::string::npos) throw std::runtime_error("CHATD_FAULT: " + plan);
        name_ = plan.substr(0, name_end);
        pass_ = std::stoull(plan.substr(name_end + 1));
        again_ = plan[count_end - 1] == '+';
        deed_ = plan.substr(count_end + 1);
        void* const shared = ::mmap(nullptr, sizeof *passes_, PROT_READ | PROT_WRITE,
                                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED) throw std::runtime_error("CHATD_FAULT: no memory");
        passes_ = static_cast<std::uint64_t*>(shared);
    }

    [[nodiscard]] bool pass(const char* name) const {
        if (name_ != name) return false;
        const std::uint64_t pass = std::atomic_ref(*passes_).fetch_add(1) + 1;
        if (pass == pass_ || (again_ && pass > pass_)) return act();
        return false;
    }

  private:
    [[nodiscard]] bool act() const {
        if (deed_ == "fail") return true;
        if (deed_ == "nomem") throw std::bad_alloc();
        while (deed_ == "spin") continue;
        if (break_out()) return false;
        const int signal = deed_ == "kill"    ? SIGKILL
                           : deed_ == "segv"  ? SIGSEGV
                           : deed_ == "abort" ? SIGABRT
                                              : SIGSTOP;
        (void)::raise(signal);
        return false;
    }

    // What somebody would try whose this process has become; it goes on if it may.
    [[nodiscard]] bool break_out() const {
        const pid_t other = ::getpid() - 1;
        if (deed_ == "open") return ::open("/etc/passwd", O_RDONLY) > -2;
        if (deed_ == "inet") return ::socket(AF_INET, SOCK_STREAM, 0) > -2;
        if (deed_ == "fork") return ::fork() > -2;
        if (deed_ == "signal") return ::kill(other, SIGTERM) > -2;
        if (deed_ == "trace") return ::ptrace(PTRACE_ATTACH, other, nullptr, nullptr) > -2;
        return false;
    }

    std::string name_;
    std::uint64_t pass_ = 0;
    bool again_ = false;
    std::string deed_;
    std::uint64_t* passes_ = nullptr;
};

const Plan plan;

}  // namespace

bool fault_point(const char* name, std::string_view /*detail*/) {
    return plan.pass(name);
}

}  // namespace chatd

#endif
