#include "lookout/lookout.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bounds.h"
#include "lookout/look.h"
#include "protocol/describe.h"
#include "sys/clock.h"
#include "sys/local.h"
#include "sys/memory.h"
#include "sys/process.h"
#include "sys/sandbox.h"

namespace chatd {
namespace {

// 0, 1, 2, the listener, /proc, a file that is being read, and one to spare.
constexpr std::size_t kOtherDescriptors = 7;

// A worker that has connected.
struct Asker {
    UniqueFd fd;
    pid_t pid;  // from the kernel
    Moment came;
    FrameReader reader;
    std::optional<std::string> prefix;  // what it asks for; none: its question has not come yet
    bool is_gone = false;
};

class Lookout {
  public:
    // proc: the directory /proc, open (O_PATH).
    Lookout(int listener, UniqueFd proc, pid_t parent, const Signals& signals)
        : listener_(listener), proc_(std::move(proc)), parent_(parent), signals_(signals) {}

    [[noreturn]] void run() {
        for (;;) {
            wait();
            const Moment now = Clock::now();
            accept(now);
            for (Asker& asker : askers_) take_question(asker, now);
            if (somebody_asks() && !(rests_until_ && now < *rests_until_)) look();
            std::erase_if(askers_, [](const Asker& asker) { return asker.is_gone; });
        }
    }

  private:
    void wait() {
        std::vector<pollfd> fds = {{askers_.size() < kAskersMax ? listener_ : -1, POLLIN, 0}};
        Deadline wake_at = somebody_asks() ? rests_until_ : std::nullopt;
        for (const Asker& asker : askers_) {
            // poll(2) tells unasked that the worker has gone.
            const bool is_waiting = !asker.prefix.has_value();
            fds.push_back({asker.fd.get(), static_cast<short>(is_waiting ? POLLIN : 0), 0});
            if (is_waiting) wake_at = earliest({wake_at, asker.came + kQuestionTime});
        }
        if (!signals_.wait(fds, time_until(wake_at, Clock::now()))) return;
        for (std::size_t i = 0; i < askers_.size(); ++i) {
            askers_[i].is_gone = (fds[i + 1].revents & (POLLHUP | POLLERR)) != 0;
        }
    }

    void accept(Moment now) {
        while (askers_.size() < kAskersMax) {
            UniqueFd fd(::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (!fd.valid()) return;
            const auto pid = peer_pid(fd.get());
            if (!pid) continue;
            CHATD_TRACE("accepts the link of process %d", *pid);
            askers_.push_back({std::move(fd), *pid, now, {}, {}});
        }
    }

    // Who asks twice, asks for anything else, or does not ask in time is sent away.
    static void take_question(Asker& asker, Moment now) {
        if (asker.prefix || asker.is_gone) return;
        std::array<char, kReadBytes> buffer;
        const IoResult got = receive(asker.fd.get(), buffer);
        const auto take = [&asker](const Frame& frame) {
            trace_frames("takes from worker", frame.bytes, asker.pid);
            if (frame.type != FrameType::AskProcesses || asker.prefix) return false;
            asker.prefix = frame.name;
            return true;
        };
        const bool is_late = now - asker.came >= kQuestionTime;
        asker.is_gone = got.status == IoStatus::WouldBlock
                            ? is_late
                            : got.status != IoStatus::Done ||
                                  !asker.reader.read({buffer.data(), got.bytes}, take);
    }

    [[nodiscard]] bool somebody_asks() const {
        return std::ranges::any_of(
            askers_, [](const Asker& asker) { return asker.prefix && !asker.is_gone; });
    }

    // Answers all who have asked. Who does not take the whole answer at once gets no rest of it: it
    // is smaller than what the kernel holds for a link.
    void look() {
        const Duration begin = processor_time();
        CHATD_TRACE("looks at the processes");
        Look look(proc_.get(), parent_, broker_);
        broker_ = look.broker();
        std::map<std::string, std::string> answers;
        for (Asker& asker : askers_) {
            if (!asker.prefix || asker.is_gone) continue;
            asker.is_gone = true;
            if (!look.is_child(asker.pid)) continue;
            const auto [answer, is_new] = answers.try_emplace(*asker.prefix);
            if (is_new) answer->second = look.answer(*asker.prefix);
            const IoResult sent = send_some(asker.fd.get(), answer->second);
            CHATD_TRACE("sends to worker %d: %zu bytes", asker.pid, sent.bytes);
        }
        release_free_memory();
        rests_until_ = Clock::now() + kLookRest * (processor_time() - begin);
    }

    int listener_;
    UniqueFd proc_;
    pid_t parent_;
    const Signals& signals_;
    std::vector<Asker> askers_;
    pid_t broker_ = -1;  // in the last look
    Deadline rests_until_;
};

}  // namespace

void run_lookout(int listener, const Sandbox& sandbox, ProcessTitle& title,
                 const Signals& signals) {
    // Only the parent may end its life, as with the broker.
    Signals::ignore({SIGINT, SIGTERM, SIGHUP, SIGUSR1});
    title.set("chatd: lookout");
    ProcessTitle::set_short("chatd-lookout");
    (void)try_niceness(kNicest);
    const pid_t parent = ::getppid();
    UniqueFd proc(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!proc.valid()) throw system_error("/proc");
    enter_sandbox(sandbox, Role::Lookout, kAskersMax + kOtherDescriptors);
    Lookout(listener, std::move(proc), parent, signals).run();
}

}  // namespace chatd
