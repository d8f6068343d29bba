#include "worker/worker.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/bounds.h"
#include "base/fault.h"
#include "base/version.h"
#include "sys/clock.h"
#include "sys/local.h"
#include "sys/memory.h"
#include "sys/net.h"
#include "sys/wakeup.h"
#include "worker/conversation.h"

namespace chatd {
namespace {

class Worker {
  public:
    Worker(WorkerSetup setup, ProcessTitle& title, const Signals& signals)
        : client_(std::move(setup.client)),
          peer_(setup.peer),
          broker_(setup.broker),
          wakeup_(setup.wakeup),
          title_(title),
          signals_(signals),
          conversation_({setup.language, utc_offset_s,
                         setup.birth_ns + (fault_point("worker:lies-about-birth") ? 1 : 0),
                         setup.peer, setup.limits}) {}

    int run() {
        fault_point("worker:start");
        conversation_.time_is(Clock::now());
        set_alarm(kIdleAfter);
        while (!conversation_.end()) {
            tell_time();
            look_whether_there();
            open_link();
            watch_broker();
            show_title();  // before its client reads that it is in
            send();
            conversation_.screen_sent();
            // Sending may have found out that all is over; nothing would end the wait then.
            if (!conversation_.end()) wait();
        }
        link_.reset();
        fault_point("worker:before-goodbye");
        say_goodbye();
        fault_point("worker:before-exit");
        return static_cast<int>(*conversation_.end());
    }

  private:
    enum : std::size_t { kClient, kLink };

    // --- One turn

    void wait() {
        // A client that has hung up is always ready: it is waited for only for a reason.
        const short client_wanted = client_events();
        std::array<pollfd, 2> fds = {
            pollfd{client_wanted == 0 ? -1 : client_.get(), client_wanted, 0},
            pollfd{link_.get(), link_events(), 0}};
        const bool ready = signals_.wait(fds, time_to_wake());
        take_signals();
        if (!ready) return;
        quiet_ = false;
        if (std::exchange(idle_, false)) set_alarm(kIdleAfter);
        constexpr short kReadable = POLLIN | POLLHUP | POLLERR;
        if (fds[kLink].revents & kReadable) read_link();
        if ((client_wanted & POLLIN) != 0 && (fds[kClient].revents & kReadable) != 0) read_client();
    }

    // Only when it is waited for: most turns need no clock.
    void tell_time() {
        const auto due = conversation_.wake_at();
        if (due && Clock::now() >= *due) conversation_.time_is(Clock::now());
    }

    // One alarm a second as long as something happens: an end to each wait would cost 5 % of all
    // deliveries under load.
    void look_whether_idle() {
        if (!unconfirmed_since_ && !is_all_confirmed(client_.get())) {
            unconfirmed_since_ = Clock::now();
            look_at_ = *unconfirmed_since_ + kConfirmedLook;
        }
        if (!std::exchange(quiet_, true)) return set_alarm(kIdleAfter);
        idle_ = true;
        give_back_memory();
    }

    // Is the client still there, that has something on its way to it? While it has not, TCP itself
    // finds out.
    void look_whether_there() {
        if (!look_at_ || Clock::now() < *look_at_) return;
        const auto now = Clock::now();
        look_at_ = now + kConfirmedLook;
        if (cannot_write_ || is_all_confirmed(client_.get())) {
            unconfirmed_since_.reset();
            look_at_.reset();
        } else if (is_unreachable(client_.get(), now - *unconfirmed_since_)) {
            cannot_write_ = true;
            conversation_.client_lost();
        }
    }

    // A burst leaves up to 180 KiB of buffers and of pages where they were.
    void give_back_memory() {
        buffer_.reset();
        conversation_.give_back_memory();
        release_free_memory();
    }

    // Where whatever comes in is read.
    std::span<char> buffer() {
        if (buffer_ == nullptr) buffer_ = std::make_unique_for_overwrite<char[]>(kReadBytes);
        return {buffer_.get(), kReadBytes};
    }

    // Whom the operator removes goes in time, also when the room cannot be told: its link may be
    // full, with a client that does not read.
    void take_signals() {
        if (signals_.take(SIGALRM)) look_whether_idle();
        if (signals_.take(kServerCloses)) conversation_.server_closes();
        if (signals_.take(SIGTERM)) {
            conversation_.operator_removes();
            remove_at_ = Clock::now() + kGoodbyeGrace;
        }
        if (remove_at_ && Clock::now() >= *remove_at_) conversation_.operator_removes();
    }

    [[nodiscard]] short client_events() {
        return static_cast<short>((conversation_.wants_input() ? POLLIN : 0) |
                                  (conversation_.screen().empty() ? 0 : POLLOUT));
    }

    // A link is read only when the client has taken what came before: so a client that does not
    // read costs nobody anything.
    [[nodiscard]] bool reads_link() { return conversation_.screen().empty(); }

    [[nodiscard]] short link_events() {
        return static_cast<short>((reads_link() ? POLLIN : 0) |
                                  (conversation_.frames().empty() ? 0 : POLLOUT));
    }

    void send() {
        if (link_.valid() && !conversation_.frames().empty()) {
            fault_point("worker:before-send");
            if (send_from(link_.get(), conversation_.frames()) == IoStatus::Closed) lose_link();
            fault_point("worker:after-send");
        }
        send_screen();
    }

    void send_screen() {
        std::string& screen = conversation_.screen();
        // What it said before it hung up is still to be read.
        if (send_from(client_.get(), screen) == IoStatus::Closed) cannot_write_ = true;
        if (cannot_write_) screen.clear();
    }

    void show_title() {
        const std::string& name = conversation_.name();
        const std::string& version = conversation_.broker_version();
        if (titled_ && name == shown_name_ && version == shown_version_) return;
        titled_ = true;
        shown_name_ = name;
        shown_version_ = version;
        title_.set(
            "chatd: worker " + (name.empty() ? "(login)" : name) + ' ' + peer_ +
            (version.empty() || version == kVersion ? "" : std::string(" (") + kVersion + ')'));
        ProcessTitle::set_short(name.empty() ? "chatd-worker" : "chatd:" + name);
    }

    [[nodiscard]] std::optional<std::chrono::nanoseconds> time_to_wake() const {
        Deadline wake = remove_at_;
        const auto at = [&wake](Moment time) { wake = std::min(wake.value_or(time), time); };
        if (!link_.valid() && conversation_.wants_link()) at(connect_at_.value_or(Clock::now()));
        if (silent_since_) at(*silent_since_ + kBrokerSilence);
        if (const auto due = conversation_.wake_at()) at(*due);
        if (look_at_) at(*look_at_);
        if (!wake) return std::nullopt;
        return *wake - Clock::now();
    }

    // --- The client

    void read_client() {
        const IoResult got = receive(client_.get(), buffer().first(kInputBytesMax));
        if (got.status == IoStatus::Done) {
            fault_point("worker:after-read");
            conversation_.time_is(Clock::now());
            conversation_.client_sent({buffer().data(), got.bytes});
        }
        if (got.status == IoStatus::Ended && !cannot_write_) return conversation_.client_finished();
        if (got.status == IoStatus::Ended || got.status == IoStatus::Closed) {
            cannot_write_ = true;
            conversation_.client_lost();
        }
    }

    // Sends what is left and says that it is all. Most clients close then; nc waits for its user to
    // type something, unless the connection is reset: so that is what it gets, once it has
    // everything.
    void say_goodbye() {
        const auto until = Clock::now() + kGoodbyeGrace;
        send_screen();
        while (!conversation_.screen().empty() && Clock::now() < until) {
            if (await_client(POLLOUT, until - Clock::now())) send_screen();
        }
        if (cannot_write_) return;
        (void)::shutdown(client_.get(), SHUT_WR);  // It fails when the client is gone.
        do {
            while (Clock::now() < until && await_client(POLLIN, kCloseGrace)) {
                if (!discard_input()) return;
            }
        } while (Clock::now() < until && !is_all_confirmed(client_.get()));
        reset_connection(std::move(client_));
    }

    bool await_client(short events, Duration time) const {
        std::array<pollfd, 1> fds = {pollfd{client_.get(), events, 0}};
        return signals_.wait(fds, time);
    }

    // Closing over unread bytes would make TCP throw away what the client has not read yet
    // (RFC 1122, 4.2.2.13). False: the client has closed.
    bool discard_input() {
        const IoStatus status = receive(client_.get(), buffer()).status;
        return status == IoStatus::Done || status == IoStatus::WouldBlock;
    }

    // --- The link

    void open_link() {
        if (link_.valid() || !conversation_.wants_link()) return;
        if (connect_at_ && Clock::now() < *connect_at_) return;
        Connected connected = connect_local(broker_);
        if (!connected.fd.valid()) {
            // The backlog is full, or descriptors are: neither can be waited for.
            return pause_before_connecting();
        }
        connect_at_.reset();
        link_ = std::move(connected.fd);
        fault_point("worker:after-connect");
        conversation_.link_opened();
    }

    void pause_before_connecting() {
        connect_pause_ = std::min<Duration>(connect_pause_ * 2, kConnectPauseMax);
        connect_at_ = Clock::now() + connect_pause_;
    }

    void read_link() {
        const IoResult got = receive(link_.get(), buffer());
        if (got.status == IoStatus::WouldBlock) return;
        if (got.status != IoStatus::Done) return lose_link();
        silent_since_.reset();
        const auto take = [this](const Frame& frame) { return conversation_.broker_sent(frame); };
        fault_point("worker:before-taking");
        if (!reader_.read({buffer().data(), got.bytes}, take)) lose_link();
        fault_point("worker:before-screen");
    }

    // A broker that should answer and does not: the client is told, and the parent, who can do
    // something about it. Again and again, for the broker may have been alive when it was asked.
    void watch_broker() {
        if (!conversation_.waits_for_broker() || !reads_link()) return silent_since_.reset();
        const Moment now = Clock::now();
        if (!silent_since_) silent_since_ = now;
        if (now - *silent_since_ < kBrokerSilence) return;
        silent_since_ = now;
        // It may have been this process that was stopped.
        if (link_.valid() && unread_bytes(link_.get()) != 0) return;
        conversation_.broker_is_silent();
        wake(wakeup_);
    }

    void lose_link() {
        fault_point("worker:after-losing-link");
        link_.reset();
        reader_.clear();
        // At once only to a room that had let it in.
        if (conversation_.is_welcomed()) {
            connect_pause_ = kConnectPause;
        } else {
            pause_before_connecting();
        }
        conversation_.link_closed();
    }

    UniqueFd client_;
    std::string peer_;
    int broker_;
    int wakeup_;
    ProcessTitle& title_;
    const Signals& signals_;
    Conversation conversation_;

    UniqueFd link_;
    FrameReader reader_;
    Deadline connect_at_;  // not before
    Deadline silent_since_;
    Duration connect_pause_ = kConnectPause;

    std::unique_ptr<char[]> buffer_;
    bool idle_ = false;           // has no alarm set
    bool quiet_ = true;           // nothing has come since the last alarm
    bool cannot_write_ = false;   // the client reads no more
    Deadline unconfirmed_since_;  // something sent is, at least
    Deadline look_at_;            // whether it still is
    Deadline remove_at_;

    bool titled_ = false;
    std::string shown_name_;
    std::string shown_version_;
};

}  // namespace

int run_worker(WorkerSetup setup, ProcessTitle& title, const Signals& signals) {
    return Worker(std::move(setup), title, signals).run();
}

}  // namespace chatd
