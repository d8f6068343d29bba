// The client's side of a chat, over as many connections as it takes: greeting, name, lines and
// their confirmations, breaks, and what was missed in between. What the server sends and what the
// user types go in; bytes for the server and text for the user (in the view) come out. This file
// must never read a clock or touch a socket.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "chat/event.h"
#include "chat/message_view.h"
#include "chat/missed.h"
#include "chat/names_known.h"
#include "chat/outbox.h"
#include "chat/retry.h"

namespace chatd {

class Session {
  public:
    struct Settings {
        std::string name;        // empty: the user is asked
        bool plain = false;      // never ask for JSON
        bool once = false;       // what cannot be said ends the session: for programs
        std::uint32_t seed = 0;  // of the pauses, by chance
    };

    // `view` must outlive this object.
    Session(Settings settings, MessageView& view, Moment now);

    // Bytes for the server. The caller sends them in order and erases what was sent.
    std::string output;

    // --- The connection. The caller makes one when it is wanted, and closes it when none is.

    [[nodiscard]] bool wants_connection(Moment now) const;
    [[nodiscard]] bool has_connection() const {
        return stage_ != Stage::Apart && stage_ != Stage::Over;
    }
    void connecting() { stage_ = Stage::Connecting; }
    void connected(Moment now);
    void received(std::string_view bytes, Moment now);
    // The connection could not be made, is broken, or was closed by the server.
    void lost(const std::string& why, Moment now);

    // --- The user

    void entered(const std::string& line, Moment now);
    void leave(Moment now);  // says /quit, if there is somebody to say it to

    // --- Time. The caller calls tick() at the deadline, or at any other time.

    [[nodiscard]] Deadline deadline(Moment now) const;
    void tick(Moment now);

    // --- For the input row

    [[nodiscard]] std::string prompt(Moment now) const;
    [[nodiscard]] std::vector<std::string> names() const { return names_.all(); }
    // The next line that is entered is the user's name.
    [[nodiscard]] bool takes_name() const {
        return stage_ != Stage::Plain && (asks_user_ || name_.empty());
    }

    // --- For programs

    [[nodiscard]] bool is_in() const { return stage_ == Stage::Room || stage_ == Stage::Plain; }
    [[nodiscard]] bool is_leaving() const { return leaving_; }
    [[nodiscard]] bool is_over() const { return stage_ == Stage::Over; }
    [[nodiscard]] std::size_t waiting() const { return outbox_.waiting(); }
    [[nodiscard]] std::size_t unanswered() const { return outbox_.size(); }  // commands too
    // Why something was not said, the first time; empty: there was no such thing. Only with `once`.
    [[nodiscard]] const std::string& trouble() const { return trouble_; }

  private:
    enum class Stage : std::uint8_t {
        Apart,       // there is no connection
        Connecting,  // it is being made
        Greeting,    // the server has not said yet what it speaks
        Login,       // it wants a name
        Returning,   // in the room; the client asks what it has missed by a break or a gap
        Room,
        Plain,  // all lines are shown, and what is typed is sent
        Over,
    };

    void handle_lines(Moment now);
    void greeted(std::string_view line, Moment now);
    void go_plain(std::string_view line);
    void handle(const Event& event, Moment now);
    void handle_login(const Event& event, Moment now);
    void asked_for_name(Moment now);
    void refused(const Event& event);
    void welcomed(const Event& event);
    void ask_missed();
    void catch_up(const Event& event);
    void caught_up();
    void show_missed(Missed::News& news);
    void handle_room(const Event& event);
    void show(const Event& event);
    void follow_own(const Event& event);
    void call_me(std::string_view name);
    [[nodiscard]] bool is_asked_secretly(const Event& event) const;

    void entered_name(const std::string& line, Moment now);
    void entered_plain(const std::string& line);
    void tell_name();
    std::uint64_t send_line(std::string_view line);
    void flush();
    void unsure_of(const std::vector<std::string>& lines);
    void end_by(const std::string& trouble);
    [[nodiscard]] Deadline awaited() const;

    Settings settings_;
    MessageView& view_;
    Stage stage_ = Stage::Apart;
    std::string name_;  // the user's, once it is known
    Outbox outbox_;
    Missed missed_;
    NamesKnown names_;
    Happened last_seen_;
    bool was_in_ = false;  // the name was good once
    bool leaving_ = false;
    std::string trouble_;

    // About the next connection.
    Retry reconnect_;
    Deadline connect_at_;  // none: only when the user wants it
    bool break_told_ = false;
    bool thrown_out_ = false;

    // About this connection.
    std::string input_;             // what follows the last whole line
    std::uint64_t lines_sent_ = 0;  // after /json
    std::uint64_t history_line_ = 0;
    std::uint64_t who_line_ = 0;
    std::uint64_t language_line_ = 0;
    bool after_gap_ = false;  // what is asked for was lost by a gap, not by a break
    bool asks_user_ = false;  // the next line that is entered is the name
    bool name_refused_ = false;
    bool name_held_ = false;  // by the client's own connection that is dead, it seems
    int names_told_ = 0;
    Retry tell_again_;
    Deadline tell_at_;
    Deadline give_up_at_;  // the greeting, or the last lines after /quit
};

}  // namespace chatd
