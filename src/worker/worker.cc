#include "worker/worker.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/bounds.h"
#include "base/fault.h"
#include "base/settings.h"
#include "base/trace.h"
#include "sys/clock.h"
#include "sys/local.h"
#include "sys/memory.h"
#include "worker/client_socket.h"
#include "worker/conversation.h"
#include "worker/introduction.h"
#include "worker/lookout_link.h"

namespace chatd {
namespace {

class Worker {
  public:
    Worker(WorkerSetup setup, ProcessTitle& title, const Signals& signals)
        : setup_(std::move(setup)),
          title_(title),
          signals_(signals),
          client_(std::move(setup_.client), signals),
          conversation_(
              {.language = setup_.language,
               .utc_offset = utc_offset_s,
               .birth_ns = setup_.birth_ns + (fault_point("worker:lies-about-birth") ? 1 : 0),
               .peer = setup_.peer,
               .limits = setup_.limits,
               .share = setup_.share,
               .is_proxied = setup_.introduction.valid(),
               .web = setup_.web}),
          lookout_(setup_.lookout, conversation_),
          introduction_(std::move(setup_.introduction), setup_.map_share, conversation_) {}

    int run() {
        fault_point("worker:start");
        conversation_.time_is(Clock::now());
        set_alarm(kGiveBackAfter);
        while (!conversation_.end()) {
            expire();
            open_link();
            watch_broker();
            lookout_.turn();
            introduction_.turn();
            show_title();  // before the client reads that it is in
            send();
            // Sending may have ended the conversation; nothing would end the wait then.
            if (!conversation_.end()) wait();
        }
        link_.reset();
        fault_point("worker:before-goodbye");
        client_.say_goodbye(conversation_.screen());
        fault_point("worker:before-exit");
        return static_cast<int>(*conversation_.end());
    }

  private:
    // --- One turn

    void expire() {
        // Without a deadline there is no need to read the clock.
        if (!earliest({conversation_.wake_at(), client_.look_at()})) return;
        const Moment now = Clock::now();
        if (is_due(conversation_.wake_at(), now)) conversation_.time_is(now);
        const bool asks = is_due(conversation_.asks_at(), now);
        if (asks && unread_bytes(client_.fd()) == 0) conversation_.ask_name(now);
        if (is_due(client_.look_at(), now) && !client_.is_reachable(now)) lose_client();
    }

    void send() {
        if (link_.valid() && !conversation_.frames().empty()) {
            fault_point("worker:before-send");
            if (send_from(link_.get(), conversation_.frames()) == IoStatus::Closed) lose_link();
            fault_point("worker:after-send");
        }
        client_.send(conversation_.screen());
        conversation_.screen_sent();
    }

    void wait() {
        const short client_events = events(conversation_.wants_input(), conversation_.screen());
        std::array<pollfd, 5> fds = {
            pollfd{client_.poll_fd(client_events), client_events, 0},
            pollfd{link_.get(), events(reads_link(), conversation_.frames()), 0},
            pollfd{removal_ == Removal::Asks ? setup_.wakeup : -1, POLLOUT, 0}, lookout_.poll(),
            introduction_.poll()};
        const bool ready = signals_.wait(fds, time_to_wait());
        take_signals();
        if (!ready) return;
        memory_used_ = true;
        if (!std::exchange(alarm_set_, true)) set_alarm(kGiveBackAfter);
        if (fds[2].revents != 0) parent_was_awake();
        constexpr short kReadable = POLLIN | POLLHUP | POLLERR;
        if ((fds[1].revents & kReadable) != 0) read_link();
        if (fds[3].revents != 0) lookout_.read(buffer(), client_.fd(), link_.get());
        if (fds[4].revents != 0) introduction_.read(setup_.peer);
        if ((fds[0].revents & kReadable) == 0) return;
        if ((client_events & POLLIN) != 0) return read_client();
        // Nothing is read from the client now, because its lines wait for their turn.
        if ((fds[0].revents & (POLLHUP | POLLERR)) != 0) lose_client();
    }

    static short events(bool reads, const std::string& to_send) {
        return static_cast<short>((reads ? POLLIN : 0) | (to_send.empty() ? 0 : POLLOUT));
    }

    // The worker reads the link only when the client has taken what came before: a client that does
    // not read costs nobody anything.
    [[nodiscard]] bool reads_link() { return conversation_.screen().empty(); }

    [[nodiscard]] std::optional<Duration> time_to_wait() const {
        const bool needs_link = !link_.valid() && conversation_.wants_link();
        const Deadline connect = needs_link ? Deadline(connect_at_) : std::nullopt;
        const Deadline wake = earliest({connect, answer_due_, remove_at_, conversation_.wake_at(),
                                        client_.look_at(), lookout_.wake_at()});
        return wake ? time_until(wake, Clock::now()) : std::nullopt;
    }

    void take_signals() {
        if (signals_.take(SIGALRM)) alarm_rang();
        if (signals_.take(kServerCloses)) conversation_.server_closes();
        if (signals_.take(SIGTERM) && removal_ == Removal::None) {
            removal_ = Removal::Pauses;
            remove_at_ = Clock::now() + kRemovalPause;
        }
        if (remove_at_ && is_due(remove_at_, Clock::now())) go_on_removing();
    }

    // --- The operator removes the client

    // SIGTERM may have gone to every process of the server, to the parent last: then the server
    // closes, and nobody is removed. The parent obeys its signals before it takes the wakeup.
    void go_on_removing() {
        remove_at_.reset();
        // The room could not learn it in time: the link may be full.
        if (removal_ == Removal::Goes) return conversation_.operator_removes();
        removal_ = Removal::Asks;
        wake(setup_.wakeup);
    }

    void parent_was_awake() {
        removal_ = Removal::Goes;
        remove_at_ = Clock::now() + kGoodbyeGrace;
        signals_.deliver_pending();
        if (signals_.take(kServerCloses)) conversation_.server_closes();
        conversation_.operator_removes();
    }

    // --- The client

    void read_client() {
        const IoResult got = client_.read(buffer().first(kInputBytesMax));
        if (got.status == IoStatus::Ended) return conversation_.client_finished();
        if (got.status == IoStatus::Closed) return lose_client();
        if (got.status == IoStatus::WouldBlock) return;
        fault_point("worker:after-read");
        conversation_.time_is(Clock::now());
        conversation_.client_sent({buffer().data(), got.bytes});
    }

    void lose_client() {
        client_.give_up();
        conversation_.client_lost();
    }

    void show_title() {
        const std::string& name = conversation_.name();
        const std::string& version = conversation_.broker_version();
        const bool is_same = shown_name_ == name && shown_peer_ == setup_.peer;
        if (is_same && shown_version_ == version) return;
        shown_name_ = name;
        shown_peer_ = setup_.peer;
        shown_version_ = version;
        const bool is_other = !version.empty() && version != kVersion;
        title_.set("chatd: worker " + (name.empty() ? "(login)" : name) + ' ' + setup_.peer +
                   (is_other ? std::string(" (") + kVersion + ')' : ""));
        ProcessTitle::set_short(name.empty() ? "chatd-worker" : "chatd:" + name);
    }

    // --- The link

    void open_link() {
        if (link_.valid() || !conversation_.wants_link() || Clock::now() < connect_at_) return;
        CHATD_TRACE("connects to the broker");
        link_ = connect_local(setup_.broker).fd;
        // The backlog is full, or descriptors are short: poll(2) can wait for neither.
        if (!link_.valid()) return pause_before_connecting();
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
        answer_due_.reset();
        const auto take = [this](const Frame& frame) { return conversation_.broker_sent(frame); };
        fault_point("worker:before-taking");
        if (!reader_.read({buffer().data(), got.bytes}, take)) lose_link();
        fault_point("worker:before-screen");
    }

    void lose_link() {
        fault_point("worker:after-losing-link");
        link_.reset();
        reader_.clear();
        // The worker reconnects at once only after a Welcome.
        if (conversation_.is_welcomed()) connect_pause_ = kConnectPause;
        if (!conversation_.is_welcomed()) pause_before_connecting();
        conversation_.link_closed();
    }

    // When the broker should answer and does not, the worker says so to the client and wakes the
    // parent, again and again: the broker may have been alive when the parent asked it.
    void watch_broker() {
        if (!conversation_.waits_for_broker() || !reads_link()) return answer_due_.reset();
        const Moment now = Clock::now();
        if (!answer_due_) answer_due_ = now + kBrokerSilence;
        if (now < *answer_due_) return;
        answer_due_ = now + kBrokerSilence;
        // Unread frames mean that this worker was stopped, not the broker.
        if (link_.valid() && unread_bytes(link_.get()) != 0) return;
        conversation_.broker_is_silent();
        wake(setup_.wakeup);
    }

    // --- Memory: a burst leaves up to 180 KiB of buffers and of pages where they were

    // Everything that comes in is read into this.
    std::span<char> buffer() {
        if (buffer_ == nullptr) buffer_ = std::make_unique_for_overwrite<char[]>(kReadBytes);
        return {buffer_.get(), kReadBytes};
    }

    // While something happens, there is one alarm a second: a time limit for each wait would cost
    // 5 % of all deliveries under load.
    void alarm_rang() {
        client_.watch_unconfirmed(Clock::now());
        if (std::exchange(memory_used_, false)) return set_alarm(kGiveBackAfter);
        alarm_set_ = false;
        buffer_.reset();
        conversation_.frames().shrink_to_fit();
        conversation_.screen().shrink_to_fit();
        release_free_memory();
    }

    WorkerSetup setup_;
    ProcessTitle& title_;
    const Signals& signals_;
    ClientSocket client_;
    Conversation conversation_;
    LookoutLink lookout_;
    Introduction introduction_;

    enum class Removal : std::uint8_t { None, Pauses, Asks, Goes };
    Removal removal_ = Removal::None;
    Deadline remove_at_;  // when the removal goes on

    UniqueFd link_;
    FrameReader reader_;
    Moment connect_at_{};  // not before
    Duration connect_pause_ = kConnectPause;
    Deadline answer_due_;  // of the broker

    std::unique_ptr<char[]> buffer_;
    bool memory_used_ = false;  // since the last alarm
    bool alarm_set_ = true;     // false: memory was given back, and nothing has happened since

    std::optional<std::string> shown_name_;  // none: there is no title yet
    std::string shown_peer_;
    std::string shown_version_;
};

}  // namespace

int run_worker(WorkerSetup setup, ProcessTitle& title, const Signals& signals) {
    return Worker(std::move(setup), title, signals).run();
}

}  // namespace chatd
