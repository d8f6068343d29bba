#include "shell/worker.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include "bounds.h"
#include "core/conversation.h"
#include "sys/clock.h"
#include "sys/local.h"
#include "sys/net.h"

namespace chatd {
namespace {

void give_back_memory(std::string& buffer) {
    if (buffer.empty() && buffer.capacity() > kIdleBufferBytes) buffer = {};
}

class Worker {
  public:
    Worker(WorkerSetup setup, ProcessTitle& title, const Signals& signals)
        : client_(std::move(setup.client)),
          peer_(setup.peer),
          broker_path_(std::move(setup.broker_path)),
          title_(title),
          signals_(signals),
          conversation_({setup.language, utc_offset_s, setup.birth_ns, setup.peer}) {}

    int run() {
        while (!conversation_.end()) {
            open_link();
            send();
            conversation_.screen_sent();
            show_title();
            wait();
        }
        link_.reset();
        say_goodbye();
        return static_cast<int>(*conversation_.end());
    }

  private:
    enum : std::size_t { kClient, kLink };

    // --- One turn

    void wait() {
        std::array<pollfd, 2> fds = {pollfd{client_.get(), client_events(), 0},
                                     pollfd{link_.get(), link_events(), 0}};
        const bool ready = signals_.wait(fds, time_to_connect());
        if (signals_.take(SIGTERM)) conversation_.operator_removes();
        if (signals_.take(SIGUSR1)) conversation_.server_closes();
        if (!ready) return;
        if (fds[kLink].revents & (POLLIN | POLLHUP | POLLERR)) read_link();
        if (fds[kClient].revents & (POLLHUP | POLLERR)) return client_is_lost();
        if (fds[kClient].revents & POLLIN) read_client();
    }

    [[nodiscard]] short client_events() {
        return static_cast<short>((conversation_.wants_input() ? POLLIN : 0) |
                                  (conversation_.screen().empty() ? 0 : POLLOUT));
    }

    // A link is read only when the client has taken what came before: so a client that does not
    // read costs nobody anything.
    [[nodiscard]] short link_events() {
        return static_cast<short>((conversation_.screen().empty() ? POLLIN : 0) |
                                  (conversation_.frames().empty() ? 0 : POLLOUT));
    }

    void send() {
        if (link_.valid() && !conversation_.frames().empty()) {
            if (send_from(link_.get(), conversation_.frames()) == IoStatus::Closed) lose_link();
        }
        send_screen();
        give_back_memory(conversation_.frames());
        give_back_memory(conversation_.screen());
    }

    void send_screen() {
        std::string& screen = conversation_.screen();
        if (!client_.valid()) return screen.clear();
        if (!screen.empty() && send_from(client_.get(), screen) == IoStatus::Closed) {
            client_is_lost();
        }
    }

    void show_title() {
        const std::string& name = conversation_.name();
        if (titled_ && name == shown_name_) return;
        titled_ = true;
        shown_name_ = name;
        title_.set("chatd: worker " + (name.empty() ? "(login)" : name) + ' ' + peer_);
        ProcessTitle::set_short(name.empty() ? "chatd-worker" : "chatd:" + name);
    }

    // --- The client

    void read_client() {
        std::array<char, kInputBytesMax> buffer;
        const IoResult got = receive(client_.get(), buffer);
        if (got.status == IoStatus::Done) conversation_.client_sent({buffer.data(), got.bytes});
        if (got.status == IoStatus::Closed) {
            // Nothing more from it; whether it still reads, sending to it will tell.
            conversation_.client_finished();
        }
    }

    void client_is_lost() {
        client_.reset();
        conversation_.client_lost();
        conversation_.screen().clear();
    }

    // Sends what is left and says that it is all. Most clients close then; nc waits for its user to
    // type something, unless the connection is reset: so that is what it gets, once it has
    // everything.
    void say_goodbye() {
        const auto until = Clock::now() + kGoodbyeGrace;
        send_screen();
        while (client_.valid() && !conversation_.screen().empty() && Clock::now() < until) {
            if (await_client(POLLOUT, until - Clock::now())) send_screen();
        }
        if (!client_.valid()) return;
        (void)::shutdown(client_.get(), SHUT_WR);  // It fails when the client is gone.
        do {
            while (Clock::now() < until && await_client(POLLIN, kCloseGrace)) {
                if (!discard_input()) return;
            }
        } while (Clock::now() < until && !is_all_confirmed(client_.get()));
        reset_connection(std::move(client_));
    }

    bool await_client(short events, Clock::duration time) const {
        std::array<pollfd, 1> fds = {pollfd{client_.get(), events, 0}};
        return signals_.wait(fds, time);
    }

    // Closing over unread bytes would make TCP throw away what the client has not read yet
    // (RFC 1122, 4.2.2.13). False: the client has closed.
    bool discard_input() {
        std::array<char, kIdleBufferBytes> buffer;
        return receive(client_.get(), buffer).status != IoStatus::Closed;
    }

    // --- The link

    void open_link() {
        if (link_.valid() || !conversation_.wants_link()) return;
        if (connect_at_ && Clock::now() < *connect_at_) return;
        Connected connected = connect_local(broker_path_);
        if (!connected.fd.valid()) {
            // The backlog is full, or descriptors are: neither can be waited for.
            connect_pause_ = std::min<Clock::duration>(connect_pause_ * 2, kConnectPauseMax);
            connect_at_ = Clock::now() + connect_pause_;
            return;
        }
        connect_at_.reset();
        connect_pause_ = kConnectPause;
        link_ = std::move(connected.fd);
        conversation_.link_opened();
    }

    [[nodiscard]] std::optional<std::chrono::nanoseconds> time_to_connect() const {
        if (link_.valid() || !conversation_.wants_link()) return std::nullopt;
        return connect_at_ ? *connect_at_ - Clock::now() : Clock::duration(0);
    }

    void read_link() {
        std::array<char, kReadBytes> buffer;
        const IoResult got = receive(link_.get(), buffer);
        if (got.status == IoStatus::Closed) return lose_link();
        if (got.status == IoStatus::WouldBlock) return;
        std::string_view bytes(buffer.data(), got.bytes);
        if (!partial_frame_.empty()) {
            partial_frame_.append(bytes);
            bytes = partial_frame_;
        }
        if (!take_frames(bytes)) return lose_link();
        partial_frame_.assign(std::string(bytes));
        give_back_memory(partial_frame_);
    }

    // Takes the whole frames off `bytes`. False: the other end is no broker of ours.
    bool take_frames(std::string_view& bytes) {
        Frame frame{};
        for (;;) {
            const FrameStatus status = take_frame(bytes, frame);
            if (status == FrameStatus::Partial) return true;
            if (status == FrameStatus::Malformed) return false;
            if (!conversation_.broker_sent(frame)) return false;
        }
    }

    void lose_link() {
        link_.reset();
        partial_frame_.clear();
        conversation_.link_closed();
    }

    UniqueFd client_;
    std::string peer_;
    std::string broker_path_;
    ProcessTitle& title_;
    const Signals& signals_;
    Conversation conversation_;

    UniqueFd link_;
    std::string partial_frame_;
    std::optional<Clock::time_point> connect_at_;  // not before
    Clock::duration connect_pause_ = kConnectPause;

    bool titled_ = false;
    std::string shown_name_;
};

}  // namespace

int run_worker(WorkerSetup setup, ProcessTitle& title, const Signals& signals) {
    return Worker(std::move(setup), title, signals).run();
}

}  // namespace chatd
