#include "chat/chat.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>

#include "base/bounds.h"
#include "chat/completion.h"
#include "chat/connection.h"
#include "chat/editor.h"
#include "chat/files.h"
#include "chat/input_history.h"
#include "chat/input_row.h"
#include "chat/keys.h"
#include "chat/session.h"
#include "chat/terminal.h"
#include "sys/clock.h"
#include "sys/signals.h"
#include "text/clean.h"

namespace chatd {
namespace {

// A terminal that knows this shows all between the two at once (synchronized output, as defined at
// https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036); others ignore it.
constexpr std::string_view kBeginUpdate = "\x1b[?2026h";
constexpr std::string_view kEndUpdate = "\x1b[?2026l";
constexpr std::string_view kEraseRow = "\r\x1b[K";
// A row that the terminal has wrapped anew goes on below.
constexpr std::string_view kEraseBelow = "\r\x1b[J";
constexpr std::string_view kClearScreen = "\x1b[H\x1b[2J";
// Asks for the colour of the background (OSC 11 of xterm). Who does not know it ignores it.
constexpr std::string_view kAskBackground = "\x1b]11;?\a";

const std::vector<std::string_view> kCommands = {"/help", "/history", "/lang", "/me",
                                                 "/msg",  "/nick",    "/ps",   "/quit",
                                                 "/r",    "/time",    "/tree", "/who"};

class Chat {
  public:
    Chat(const ChatOptions& options, Paint paint)
        : options_(options),
          log_(options.log_path),
          history_path_(input_history_path(std::getenv("XDG_CONFIG_HOME"), std::getenv("HOME"))),
          history_(load_input_history(history_path_)),
          editor_(history_),
          view_(options.language, paint, utc_offset_s),
          session_({.name = options.name, .plain = options.plain, .seed = std::random_device{}()},
                   view_, Clock::now()) {
        if (paint == Paint::Colours) frame_ = kAskBackground;
    }

    int run();

  private:
    void wait();
    void handle_signals();
    void read_keys();
    void press(const KeyPress& key);
    void enter();
    void interrupt();
    void complete_word();
    void answer_paste(const KeyPress& key);
    void suspend();
    void connect();
    void read_server();
    void draw_row();
    void end_by(int signal);
    [[nodiscard]] std::string prompt() const;

    ChatOptions options_;
    LogFile log_;
    std::string history_path_;
    InputHistory history_;
    KeyReader keys_;
    Editor editor_;
    MessageView view_;
    Session session_;
    Connection connection_;
    Signals signals_{SIGTERM, SIGHUP, SIGINT, SIGWINCH, SIGCONT};
    Terminal terminal_;

    std::array<pollfd, 3> ready_{};  // keys, screen, server
    std::string frame_;              // what the terminal has not taken yet
    std::string erase_{kEraseRow};   // what makes room for the next frame
    bool row_changed_ = true;
    Deadline escape_ends_;     // a lone ESC waits up to here
    Deadline interrupt_ends_;  // a second Ctrl-C leaves up to here
    bool after_tab_ = false;
    int deadly_signal_ = 0;
};

// --- The loop ------------------------------------------------------------------------------------

// Keys come first in each turn: whatever the server sends, a key waits for one frame at most.
int Chat::run() {
    while (!session_.is_over() && deadly_signal_ == 0) {
        connect();
        draw_row();
        wait();
        handle_signals();
        read_keys();
        read_server();
        session_.tick(Clock::now());
        connection_.send(session_.output);
    }
    if (session_.waiting() != 0) view_.note(Word::NotSaid, {std::to_string(session_.waiting())});
    terminal_.write_last(frame_);
    draw_row();
    terminal_.write_last(frame_);
    terminal_.give_back();
    save_input_history(history_path_, history_);
    if (deadly_signal_ != 0) end_by(deadly_signal_);
    return 0;
}

// While the terminal takes no more, nothing more is read from the server.
void Chat::wait() {
    const bool reads = frame_.empty();
    const bool has_server = session_.has_connection();
    ready_[0] = {terminal_.input(), POLLIN, 0};
    ready_[1] = {frame_.empty() ? -1 : terminal_.output(), POLLOUT, 0};
    ready_[2] = {has_server ? connection_.fd() : -1,
                 connection_.events(reads, !session_.output.empty()), 0};
    const Moment now = Clock::now();
    const Deadline deadline =
        earliest({session_.deadline(now), connection_.deadline(), escape_ends_});
    (void)signals_.wait(ready_, time_until(deadline, now));
    if (is_due(session_.deadline(now), Clock::now())) row_changed_ = true;  // it counts down
}

void Chat::handle_signals() {
    for (const int signal : {SIGTERM, SIGHUP, SIGINT}) {
        if (!signals_.take(signal)) continue;
        deadly_signal_ = signal;
        session_.leave(Clock::now());
        connection_.send(session_.output);
    }
    if (signals_.take(SIGWINCH)) {
        erase_ = kEraseBelow;
        row_changed_ = true;
    }
    if (signals_.take(SIGCONT)) {
        terminal_.take();
        row_changed_ = true;
    }
}

// --- Keys ----------------------------------------------------------------------------------------

void Chat::read_keys() {
    if ((ready_[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        std::string bytes;
        if (!terminal_.read(bytes)) {
            deadly_signal_ = SIGHUP;
            session_.leave(Clock::now());
            return;
        }
        // Somebody presses Ctrl-C because no key does anything.
        if (keys_.is_in_paste() && bytes == "\x03") keys_.drop_paste();
        keys_.add(bytes);
        escape_ends_.reset();
    } else if (is_due(escape_ends_, Clock::now())) {
        keys_.give_up_waiting();
        escape_ends_.reset();
    }
    while (const auto key = keys_.next()) press(*key);
    if (keys_.is_waiting() && !escape_ends_) escape_ends_ = Clock::now() + kEscapeTime;
}

void Chat::press(const KeyPress& key) {
    if (key.key == Key::Background) return view_.set_background(is_light(key.text));
    row_changed_ = true;
    if (key.key != Key::Interrupt) interrupt_ends_.reset();
    if (!editor_.pending_paste().empty()) return answer_paste(key);
    const bool is_tab = key.key == Key::Tab;
    switch (editor_.press(key)) {
        case Outcome::Nothing:
        case Outcome::Changed:
        case Outcome::WantsPasteConfirmation: break;
        case Outcome::Refused: view_.rings = true; break;
        case Outcome::Entered: enter(); break;
        case Outcome::Interrupted: interrupt(); break;
        case Outcome::Ended: session_.leave(Clock::now()); break;
        case Outcome::Redraw: erase_ = kClearScreen; break;
        case Outcome::Suspended: suspend(); break;
        case Outcome::WantsCompletion: complete_word(); break;
    }
    after_tab_ = is_tab;
}

void Chat::enter() {
    const bool is_name = session_.takes_name();
    std::string line = editor_.take();
    if (is_blank(line)) line.clear();
    if (!is_name) history_.add(line);
    session_.entered(line, Clock::now());
}

void Chat::interrupt() {
    const Moment now = Clock::now();
    if (session_.is_leaving()) deadly_signal_ = SIGINT;
    if (interrupt_ends_ && now < *interrupt_ends_) return session_.leave(now);
    (void)editor_.take();
    view_.note(Word::OnceMore);
    interrupt_ends_ = now + kSecondInterrupt;
}

void Chat::complete_word() {
    const std::string before = editor_.line().substr(0, editor_.cursor());
    const Completion found = complete(before, session_.names(), kCommands);
    const std::string word = before.substr(before.size() - found.bytes);
    if (!found.candidates.empty() && found.common != word) {
        (void)editor_.replace_before_cursor(found.bytes, found.common);
    } else if (found.candidates.size() > 1 && after_tab_) {
        std::string list;
        for (const std::string& candidate : found.candidates) list += candidate + "  ";
        view_.line(list);
    } else {
        view_.rings = true;
    }
}

void Chat::answer_paste(const KeyPress& key) {
    const bool says_yes = key.key == Key::Text && (key.text == "y" || key.text == "Y");
    const bool says_no = (key.key == Key::Text && (key.text == "n" || key.text == "N")) ||
                         key.key == Key::Escape || key.key == Key::Cancel ||
                         key.key == Key::Interrupt;
    if (!says_yes && !says_no) return;
    for (const std::string& line : editor_.take_paste()) {
        if (says_yes) session_.entered(line, Clock::now());
    }
}

// As the terminal does it for Ctrl-Z, which it does not see: all processes of the job stop.
void Chat::suspend() {
    terminal_.give_back();
    (void)::kill(0, SIGTSTP);  // returns when the job goes on
    terminal_.take();
    erase_ = kEraseBelow;
}

// --- The server ----------------------------------------------------------------------------------

void Chat::connect() {
    const Moment now = Clock::now();
    if (!session_.has_connection()) connection_.close();
    if (!session_.wants_connection(now)) return;
    session_.connecting();
    connection_.open(options_.host, options_.port, now);
    row_changed_ = true;
}

void Chat::read_server() {
    const Moment now = Clock::now();
    if (!session_.has_connection()) return;
    if (ready_[2].revents == 0 && !is_due(connection_.deadline(), now)) return;
    const bool only_writes = (ready_[2].revents & ~POLLOUT) == 0;
    if (only_writes && connection_.is_connected()) return;
    std::string bytes;
    switch (connection_.go_on(bytes, now)) {
        case Connection::News::None: return;
        case Connection::News::Connected: session_.connected(now); break;
        case Connection::News::Received: session_.received(bytes, now); break;
        case Connection::News::Lost: {
            const Language language = view_.language();
            const std::string& why = connection_.why();
            session_.lost(why.empty() ? words_of(Word::ServerEnded, language) : why, now);
            break;
        }
    }
    row_changed_ = true;
}

// --- The screen ----------------------------------------------------------------------------------

// Puts what is to be shown above the input row, and the row below it: in one write, so that nobody
// sees the row half drawn.
void Chat::draw_row() {
    terminal_.write(frame_);
    if (!frame_.empty() || (!row_changed_ && view_.out.empty())) return;
    const std::string trouble = log_.append(without_paint(view_.out));
    if (!trouble.empty()) view_.note(Word::LogEnds, {trouble});
    frame_ = kBeginUpdate;
    frame_ += std::exchange(erase_, kEraseRow);
    frame_ += std::exchange(view_.out, {});
    if (std::exchange(view_.rings, false)) frame_ += '\a';
    frame_ += draw({.prompt = prompt(),
                    .line = editor_.line(),
                    .cursor = editor_.cursor(),
                    .columns = terminal_.columns()});
    frame_ += kEndUpdate;
    row_changed_ = false;
    terminal_.write(frame_);
}

std::string Chat::prompt() const {
    const Language language = view_.language();
    const std::size_t pasted = editor_.pending_paste().size();
    if (pasted != 0) return words_of(Word::SendLines, language, {std::to_string(pasted)});
    if (const auto& search = editor_.search()) {
        return words_of(search->failed ? Word::NotFound : Word::Searching, language,
                        {search->text});
    }
    return session_.prompt(Clock::now());
}

// Dies of the signal, as its sender expects.
void Chat::end_by(int signal) {
    (void)::signal(signal, SIG_DFL);
    sigset_t set;
    (void)::sigemptyset(&set);
    (void)::sigaddset(&set, signal);
    (void)::raise(signal);
    (void)::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace

int run_chat(const ChatOptions& options, Paint paint) {
    return Chat(options, paint).run();
}

}  // namespace chatd
