// The conversation with one client: bytes of the client and frames of the broker in, screen text
// and frames out. All that a worker decides is decided here.
//
// This file must never own a descriptor, make a system call or read a clock. What the client types
// is cleaned here before it goes any further.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/rate_limiter.h"
#include "protocol/frame.h"
#include "protocol/worker_exit.h"
#include "text/language.h"
#include "worker/command.h"
#include "worker/foreign_protocol.h"
#include "worker/line.h"
#include "worker/screen.h"
#include "worker/telnet.h"

namespace chatd {

class Conversation {
  public:
    struct Settings {
        Language language;
        UtcOffset utc_offset;
        std::uint64_t birth_ns;  // of the worker
        std::string peer;        // the client's address
        Limits limits = {};
    };

    // Begins with the prompt.
    explicit Conversation(Settings settings);

    Conversation(const Conversation&) = delete;
    Conversation& operator=(const Conversation&) = delete;

    // --- The client's side

    void client_sent(std::string_view bytes);
    void client_finished();  // it sends no more, but still reads
    void client_lost();      // it neither sends nor reads any more

    // False: too much is waiting; read no more from the client for now.
    [[nodiscard]] bool wants_input() const;

    // Some of the screen has been sent: what waited for that goes on.
    void screen_sent() { advance(); }

    // --- Time

    // Of limits. It is told before what the client has sent, and at the moment asked for.
    void time_is(Moment now);
    [[nodiscard]] Deadline wake_at() const;

    // --- The broker's side

    // A link should be there. It need not be before somebody has told a name.
    [[nodiscard]] bool wants_link() const { return state_ != State::Naming && !end_; }
    void link_opened();
    void link_closed();

    // The room has let it in over this link.
    [[nodiscard]] bool is_welcomed() const { return welcomed_; }

    // Something is asked of the broker: there should be a frame from it soon.
    [[nodiscard]] bool waits_for_broker() const;

    // There has been none for a while.
    void broker_is_silent();

    // False: this is no frame that a broker sends.
    [[nodiscard]] bool broker_sent(const Frame& frame);

    // --- The server's side

    void operator_removes();  // SIGTERM
    void server_closes();     // the log will say so; if no broker is left to, this does

    // --- What comes out

    // Text for the client and frames for the broker. The caller sends and erases them.
    std::string& screen() { return screen_.out; }
    std::string& frames() { return frames_; }

    // Empty until the room has let it in.
    [[nodiscard]] const std::string& name() const { return name_; }

    // Of the broker; empty until it has told.
    [[nodiscard]] const std::string& broker_version() const { return broker_version_; }

    // Keeps what there is and nothing for more.
    void give_back_memory();

    // Set once the conversation is over: send the screen, then close.
    [[nodiscard]] std::optional<WorkerExit> end() const { return end_; }

  private:
    enum class State : std::uint8_t {
        Naming,    // the prompt is shown
        Entering,  // a name is told; the room has not answered
        Talking,
        Leaving,  // all that happened before its own Leave is still to be shown
    };

    // A request that the log does not have yet, as far as is known.
    struct Unacked {
        std::uint64_t counter;
        std::string frame;
    };

    void advance();
    [[nodiscard]] bool takes_lines() const;
    [[nodiscard]] bool waits_for_answer() const;
    [[nodiscard]] bool is_paced() const;
    void spend_pace();
    void tell_pace();
    [[nodiscard]] Deadline patience_ends() const;
    void lose_patience();
    void handle_end_of_input();
    void handle_line(const LineReader::Line& line);
    void offer_name(const LineReader::Line& line);
    void turn_away(std::string_view protocol);
    void name_failed(Text reason, std::string_view filling = {});
    void obey_at_the_door(const Command& command);
    void obey(const Command& command);
    void tell(std::string_view argument);
    void reply(std::string_view text);
    void rename(std::string_view name);
    void ask_who(std::string_view prefix);
    void ask_history(std::string_view argument);
    void set_times(std::string_view argument);
    void set_language(std::string_view argument);
    void explain_unknown(std::string_view word);

    void post(EntryKind kind, std::string_view name, std::string_view text,
              LeaveReason reason = LeaveReason::Quit);
    void leave(LeaveReason reason, std::string_view words = {});
    void attach();
    void ask(std::string frame);
    void acknowledge(std::uint64_t counter);
    void finish(WorkerExit end);
    void tell_closing();

    void show_answer(const Done& done);
    void welcomed(const Welcome& welcome, std::string_view names);
    void denied(Refusal reason);
    void happened(const Entry& entry, std::string_view name, std::string_view text);
    void happened_before(const Entry& entry, std::string_view name, std::string_view text);
    void happened_to_me(const Entry& entry, std::string_view name, std::string_view text);
    void crowd_moved(const Crowd& crowd, std::string_view names);
    void follow_correspondent(const Entry& entry, std::string_view name, std::string_view text);
    void refused(const Entry& entry, std::string_view wanted);
    void left(const Entry& entry);
    void expelled();
    void overtaken(const Gap& gap, std::string_view name);

    Settings settings_;
    TelnetFilter telnet_;
    ForeignProtocol foreign_protocol_;
    LineReader lines_;
    Screen screen_;
    std::string frames_;

    State state_ = State::Naming;
    std::optional<WorkerExit> end_;
    WorkerExit end_after_leaving_ = WorkerExit::Goodbye;
    bool finished_ = false;  // the client sends no more
    bool lost_ = false;      // nor reads
    bool closing_ = false;   // the server is
    bool linked_ = false;
    bool welcomed_ = false;  // on this link
    bool newcomer_ = true;   // not all that a newcomer is shown has come
    bool silence_told_ = false;
    int attempts_ = 0;

    Moment now_{};
    Moment came_at_{};
    Moment active_at_{};  // it came, or sent something
    RateLimiter rate_limiter_;
    bool pace_told_ = false;  // since it last rested

    std::string name_;
    std::string offered_name_;
    std::string broker_version_;
    std::string correspondent_;  // whom /r answers
    std::uint64_t session_ = 0;
    std::uint64_t last_seq_ = 0;
    std::uint64_t last_messages_ = 0;
    std::uint64_t counter_ = 0;
    std::deque<Unacked> unacked_;
    std::size_t unacked_bytes_ = 0;
    std::string question_;          // asked of the broker and not fully answered
    std::string answer_;            // frames of it that are shown when it is whole
    std::uint64_t replay_seq_ = 0;  // of what happened before, this much has been shown
};

}  // namespace chatd
