// The conversation with one client: bytes of the client and frames of the broker come in, screen
// text and frames come out. Everything that depends on what client and broker say is decided here,
// and in what this is made of: the login, the commands and the uplink.
//
// This file must never own a descriptor, make a system call or read a clock. What the client types
// is cleaned here before it goes any further.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/bounds.h"
#include "base/browser_sign.h"
#include "base/time.h"
#include "protocol/frame.h"
#include "protocol/worker_exit.h"
#include "text/catalogue.h"
#include "worker/client_input.h"
#include "worker/commands.h"
#include "worker/login.h"
#include "worker/screen.h"
#include "worker/turns.h"
#include "worker/uplink.h"

namespace chatd {

class Conversation {
  public:
    struct Settings {
        Language language;
        UtcOffset utc_offset;
        std::uint64_t birth_ns;  // when the worker was forked
        std::string peer;        // the client's, "192.0.2.7:51234"
        Limits limits = {};
        AddressShare share = {};                 // of all clients of this address
        bool is_proxied = false;                 // the client came through a trusted proxy
        const WebSettings& web = kWebByDefault;  // must outlive the conversation
    };

    // time_is() has to be called next.
    explicit Conversation(Settings settings)
        : limits_(settings.limits),
          turns_(settings.limits.rate, settings.share.budget),
          browsers_(settings.share.browsers),
          is_proxied_(settings.is_proxied),
          input_(settings.web, settings.is_proxied),
          screen_(settings.language, settings.utc_offset),
          uplink_(settings.birth_ns, std::move(settings.peer)) {}
    Conversation(const Conversation&) = delete;
    Conversation& operator=(const Conversation&) = delete;

    // --- The client

    // The bytes may be cut anywhere. They are kept until their turn comes, so the worker must read
    // only while wants_input().
    void client_sent(std::string_view bytes);
    [[nodiscard]] bool wants_input() const;

    // The client sends no more, but still reads.
    void client_finished() {
        give_up_first_line();
        input_.finish();
        if (client_ == Client::Sends) client_ = Client::Finished;
        advance();
    }
    // The client neither sends nor reads any more. Of what it has sent, whole lines are still said
    // as far as the rate allows them at once; then it leaves.
    void client_lost() {
        client_ = Client::Lost;
        advance();
    }

    // The client has taken some of the screen: lines that waited for this are handled.
    void screen_sent() { advance(); }

    // --- Time

    // The worker says the time before it passes on what the client has sent, and at wake_at().
    void time_is(Moment now);
    [[nodiscard]] Deadline wake_at() const {
        const Deadline wakes =
            takes_lines() && waits_for_turn() ? turns_.waits_until(now_) : gives_up_at();
        const bool is_web = input_.web() != nullptr && !end_;
        const Deadline web = is_web ? input_.web()->wakes_at() : std::nullopt;
        return earliest({wakes, asks_at(), web});
    }

    // When a client that has sent nothing is to be asked for its name, by ask_name(). The worker
    // must see first that nothing has come: if it did not run for a while, it may learn of both at
    // once.
    [[nodiscard]] Deadline asks_at() const {
        const bool waits = !greeted_ && !end_ && !input_.may_be_http() && input_.web() == nullptr;
        return waits ? Deadline(came_at_ + prompt_held_) : std::nullopt;
    }
    void ask_name(Moment now);

    // --- The broker

    // Does the worker need a link? It does once the client has given a name.
    [[nodiscard]] bool wants_link() const { return state_ != State::Login && !end_; }
    void link_opened() { uplink_.link_opened(name_.empty() ? login_.name() : name_); }

    // Erases frames(). What the room has to get all the same is sent over the next link.
    void link_closed() {
        uplink_.link_closed();
        if (server_closes_) server_closes();  // No other broker will come to say it.
    }

    // Has the room let the worker in over this link?
    [[nodiscard]] bool is_welcomed() const { return uplink_.is_welcomed(); }
    // Is a frame from the broker expected? When none comes for too long, the client is told.
    [[nodiscard]] bool waits_for_broker() const {
        return wants_link() && uplink_.waits_for_broker();
    }
    void broker_is_silent() {
        if (!std::exchange(silence_said_, true)) screen_->line(Text::RoomRecovers);
    }

    // False: no broker sends such a frame; the link is to be closed.
    [[nodiscard]] bool broker_sent(const Frame& frame);

    // --- The lookout

    // While it is open, the worker asks the lookout, and the client's next line waits. Once it is
    // closed, the worker calls inquiry_closed().
    [[nodiscard]] Inquiry& inquiry() { return inquiry_; }
    void inquiry_closed() { advance(); }

    // --- The proxy

    // The address from where the client comes, as its proxy says, while the parent is to be told.
    // Then either of the other two has to be called; line: what the client is to read.
    [[nodiscard]] std::string_view introduces() const { return input_.introduces(); }
    void introduced(const AddressShare& share);
    void turned_away(std::string_view line);

    // --- The server

    void operator_removes();  // SIGTERM to the worker; changes nothing while the server closes
    void server_closes();     // The log will say so; without a link to the room, this does.

    // --- What comes out

    // Text for the client and frames for the broker. The caller sends and erases them.
    std::string& screen() { return screen_.out; }
    std::string& frames() { return uplink_.frames; }

    // The client's name and the broker's version; empty until the room has let the client in.
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const std::string& broker_version() const { return broker_version_; }

    // Set once the conversation is over: the worker sends the screen, closes, and exits with this.
    [[nodiscard]] std::optional<WorkerExit> end() const { return end_; }

  private:
    enum class State : std::uint8_t {
        Login,     // the prompt is shown
        Entering,  // the client has given a name; the room has not answered
        Talking,
        Leaving,  // what happened before the client's own Leave is still to be shown
    };
    enum class Client : std::uint8_t { Sends, Finished, Lost };

    void advance();
    void follow_web();
    void give_up_first_line();
    void greet();
    void take_json();
    [[nodiscard]] bool follow_pulse(Moment now);
    void answer(std::uint64_t line);
    void speak_json();
    [[nodiscard]] bool takes_lines() const;
    // The next line has to wait: for an answer, or for what is not acknowledged yet.
    [[nodiscard]] bool is_busy() const { return uplink_.is_busy() || inquiry_.is_open(); }
    void handle_line(const LineReader::Line& line);
    void handle_end_of_input();
    void log_in(Login::Step step);
    void leave(LeaveReason reason, WorkerExit end, std::string_view words = {});
    void finish(WorkerExit end, std::optional<Text> why = {});
    void finish_outside();
    void interrupt(Text text, std::initializer_list<std::string_view> fillings = {});
    [[nodiscard]] bool waits_for_turn() const;
    void say_too_fast();
    [[nodiscard]] Deadline gives_up_at() const;
    void give_up();

    [[nodiscard]] bool handle_welcome(const Frame& frame);
    void handle_denial(Refusal reason);
    [[nodiscard]] bool handle_entry(const Frame& frame);
    void handle_own_entry(const Entry& entry, const Frame& frame);
    void handle_refusal(const Entry& entry, std::string_view wanted);
    void handle_own_leave(const Entry& entry);
    void handle_crowd(const Crowd& crowd, std::string_view names);
    void handle_gap(const Gap& gap, std::string_view name);
    void show_answer(const Done& done);

    Limits limits_;
    Turns turns_;
    BrowserSign browsers_;
    bool is_proxied_;
    ClientInput input_;
    LineReader& lines_ = input_.lines;
    Screen screen_;
    Login login_{screen_};
    Uplink uplink_;
    Inquiry inquiry_{screen_};
    Commands commands_{uplink_, inquiry_, screen_};

    State state_ = State::Login;
    bool greeted_ = false;  // the client has been asked for its name
    Duration prompt_held_ = kPromptHeld;
    bool numbers_lines_ = false;  // the tongue says which line of the client it answers
    Client client_ = Client::Sends;
    WorkerExit end_after_leaving_ = WorkerExit::Goodbye;
    std::optional<WorkerExit> end_;
    std::string name_;
    std::string broker_version_;
    bool silence_said_ = false;  // the client knows that the broker is silent
    bool server_closes_ = false;
    Moment now_{};
    Moment came_at_{};
    Moment active_at_{};  // when the client came, or last sent something
};

}  // namespace chatd
