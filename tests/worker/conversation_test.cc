// Specification of worker/conversation: what a client types, what the room answers, and what
// becomes of both.

#include "worker/conversation.h"

#include <criterion/criterion.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bounds.h"
#include "protocol/frame.h"
#include "support/escape.h"
#include "support/expect.h"
#include "text/clean.h"
#include "text/name.h"

using chatd::append_frame;
using chatd::AskReplay;
using chatd::Attach;
using chatd::CloseRoom;
using chatd::Conversation;
using chatd::Crowd;
using chatd::Denied;
using chatd::Done;
using chatd::Ended;
using chatd::Entry;
using chatd::EntryKind;
using chatd::Frame;
using chatd::FrameStatus;
using chatd::FrameType;
using chatd::Gap;
using chatd::is_clean_text;
using chatd::kInputBytesMax;
using chatd::kLineBytesMax;
using chatd::kLoginAttemptsMax;
using chatd::kUnackedBytesMax;
using chatd::Language;
using chatd::LeaveReason;
using chatd::Limits;
using chatd::Moment;
using chatd::People;
using chatd::Person;
using chatd::Post;
using chatd::Refusal;
using chatd::Replay;
using chatd::take_frame;
using chatd::Welcome;
using chatd::WorkerExit;
using chatd::test::escaped;
using chatd::test::shown;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kNow = 1700488979000;  // 2023-11-20 14:02:59, UTC
constexpr std::int64_t kYesterday = kNow - 24 * 60 * 60 * 1000;

constexpr Moment kBegin = Moment(500s);

constexpr std::uint64_t kMe = 40;  // sessions
constexpr std::uint64_t kBob = 30;
constexpr std::uint64_t kEve = 31;

std::int64_t utc(std::int64_t) {
    return 0;
}

// --- Frames as the tests read them ---

std::string name_of(EntryKind kind) {
    switch (kind) {
        case EntryKind::Say: return "say";
        case EntryKind::Emote: return "emote";
        case EntryKind::Tell: return "tell";
        case EntryKind::Rename: return "rename";
        case EntryKind::Leave: return "leave";
        default: return "kind " + std::to_string(static_cast<int>(kind));
    }
}

std::string name_of(LeaveReason reason) {
    switch (reason) {
        case LeaveReason::Quit: return "quit";
        case LeaveReason::Lost: return "lost";
        case LeaveReason::Removed: return "removed";
        case LeaveReason::Idle: return "silent";
        default: return "reason " + std::to_string(static_cast<int>(reason));
    }
}

// "3 tell bob: psst", "4 leave quit", "4 leave quit: bye".
std::string described(const Post& post, std::string_view name, std::string_view text) {
    std::string line = std::to_string(post.counter) + ' ' + name_of(post.kind);
    if (post.kind == EntryKind::Leave) line += ' ' + name_of(post.reason);
    if (!name.empty()) line.append(" ").append(name);
    if (!text.empty()) line.append(": ").append(text);
    return line;
}

std::string described(const Frame& frame) {
    switch (frame.type) {
        case FrameType::Attach: {
            const auto attach = frame.as<Attach>();
            return "attach " + std::string(frame.name) + " session " +
                   std::to_string(attach.session) + " has " + std::to_string(attach.last_seq) +
                   (attach.session != 0 && attach.newcomer != 0 ? ", newcomer" : "");
        }
        case FrameType::Post: return described(frame.as<Post>(), frame.name, frame.text);
        case FrameType::AskWho: return "who [" + std::string(frame.name) + "]";
        case FrameType::AskReplay: return "past " + std::to_string(frame.as<AskReplay>().messages);
        default: return "type " + std::to_string(static_cast<int>(frame.type));
    }
}

using Sent = std::vector<std::string>;
const Sent kNothing;

// Calls visit(frame) for each of the whole frames that `bytes` must consist of.
template <class Visit>
void for_each_frame(std::string_view bytes, Visit visit) {
    while (!bytes.empty()) {
        Frame frame{};
        if (take_frame(bytes, frame) != FrameStatus::Whole) {
            throw std::runtime_error("no frame: " + escaped(bytes));
        }
        visit(frame);
    }
}

// --- A client, and the broker at the other end ---

enum class Stage { Naming, Entering, Talking };

// A conversation and what is around it: the test types, plays the broker, and takes what comes out.
class Client {
  public:
    // What comes out on the way to the stage is not looked at.
    explicit Client(Stage stage = Stage::Naming, Language language = Language::English,
                    Limits limits = {})
        : conversation({language, utc, 77, "192.0.2.7:51234", limits}) {
        conversation.time_is(kBegin);
        if (stage == Stage::Naming) return;
        types("alice\n");
        conversation.link_opened();
        if (stage == Stage::Talking) welcome();
        (void)screen();
        (void)sent();
    }

    // What was shown, and what was sent to the broker, since the last call.
    std::string screen() { return std::exchange(conversation.screen(), {}); }
    Sent sent() {
        Sent all;
        const std::string frames = std::exchange(conversation.frames(), {});
        for_each_frame(frames, [&](const Frame& frame) { all.push_back(described(frame)); });
        return all;
    }

    void types(std::string_view bytes) { conversation.client_sent(bytes); }

    // Types, and what comes of it where nothing else should.
    std::string shown_for(std::string_view bytes) {
        types(bytes);
        EXPECT_EQ(sent(), kNothing);
        return screen();
    }
    Sent sent_for(std::string_view bytes) {
        types(bytes);
        EXPECT_EQ(screen(), "");
        return sent();
    }

    // The broker sends a frame; is it taken for one of a broker's?
    template <class Body>
    bool takes(const Body& body, std::string_view name = {}, std::string_view text = {}) {
        std::string bytes;
        append_frame(bytes, body, name, text);
        bool taken = false;
        for_each_frame(bytes, [&](const Frame& f) { taken = conversation.broker_sent(f); });
        return taken;
    }
    template <class Body>
    void broker(const Body& body, std::string_view name = {}, std::string_view text = {}) {
        EXPECT_TRUE(takes(body, name, text));
    }

    // The link breaks, and another one is there; the broker has not answered yet.
    void relinks() {
        conversation.link_closed();
        conversation.link_opened();
        EXPECT_EQ(sent().size(), 1);  // the Attach
    }

    // Lets it in, with nothing said before; or back in.
    void welcome(std::uint64_t acked = 0) {
        broker(Welcome{kMe, acked, 100, kNow, 1, 0}, {}, "alice");
        if (seq_ == 0) broker(Done{});
        seq_ = std::max(seq_, kMe);
    }

    // The next entry of the log.
    Entry entry(EntryKind kind, std::uint64_t from) {
        Entry entry{};
        entry.kind = kind;
        entry.seq = ++seq_;
        entry.time_ms = kNow;
        entry.messages = 100;
        entry.from = from;
        return entry;
    }

    void happens(EntryKind kind, std::uint64_t from, std::string_view name,
                 std::string_view text = {}) {
        broker(entry(kind, from), name, text);
    }
    void told(std::uint64_t from, std::string_view name, std::string_view text) {
        Entry tell = entry(EntryKind::Tell, from);
        tell.to = kMe;
        broker(tell, name, text);
    }

    // What comes back of its own request with this counter.
    void comes_back(EntryKind kind, std::uint64_t counter, std::string_view text = {},
                    std::uint64_t to = 0) {
        Entry own = entry(kind, kMe);
        own.counter = counter;
        own.to = to;
        broker(own, "alice", text);
    }
    void is_refused(std::uint64_t counter, Refusal reason, std::string_view wanted = {}) {
        Entry own = entry(EntryKind::Refused, kMe);
        own.counter = counter;
        own.to = kMe;
        own.reason = static_cast<std::uint8_t>(reason);
        broker(own, "alice", wanted);
    }
    void leaves_the_log(std::uint64_t counter, LeaveReason reason) {
        Entry own = entry(EntryKind::Leave, kMe);
        own.counter = counter;
        own.reason = static_cast<std::uint8_t>(reason);
        broker(own, "alice");
    }

    // Something from before it came in.
    void past(std::string_view name, std::string_view text, std::int64_t time_ms = kNow) {
        Entry old = entry(EntryKind::Say, kBob);
        old.seq = ++replay_seq_;
        old.time_ms = time_ms;
        --seq_;
        broker(old, name, text);
    }

    [[nodiscard]] std::uint64_t last_seq() const { return seq_; }
    void past_begins_anew() { replay_seq_ = 0; }
    [[nodiscard]] std::optional<WorkerExit> end() const { return conversation.end(); }

    Conversation conversation;

  private:
    std::uint64_t replay_seq_ = 0;
    std::uint64_t seq_ = 0;
};

std::string lines(std::size_t count, std::string_view line) {
    std::string all;
    for (; count > 0; --count) all.append(line).append("\n");
    return all;
}

// A client that asks and does not read what it asked for costs no more memory than any other.
void expect_bounded_screen(Client& client, std::string_view question) {
    constexpr std::size_t kEnough = 4 * 1024 * 1024;
    while (client.conversation.wants_input() && client.conversation.screen().size() < kEnough) {
        client.types(question);
    }
    EXPECT_LT(client.conversation.screen().size(), kEnough);
    client.conversation.screen().clear();
    EXPECT_TRUE(client.conversation.wants_input());
}

constexpr std::string_view kPrompt = "Your name: ";

// --- A broker that does its work, and has bad luck ---

// xorshift32: the same story on every machine and every run.
class Random {
  public:
    explicit Random(std::uint32_t seed) : state_(seed) {}

    std::size_t below(std::size_t bound) {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 17;
        state_ ^= state_ << 5;
        return state_ % bound;
    }
    bool one_in(std::size_t chances) { return below(chances) == 0; }

  private:
    std::uint32_t state_;
};

// A room of one worker and some voices, small enough to be seen through. Everything that a worker
// sends must be what an honest worker may send now; it throws otherwise.
class FakeBroker {
  public:
    explicit FakeBroker(Conversation& conversation) : conversation_(conversation) {}

    [[nodiscard]] bool linked() const { return linked_; }
    [[nodiscard]] const Sent& said() const { return said_; }  // in the log

    void open_link() {
        linked_ = true;
        attached_ = false;
        conversation_.link_opened();
    }

    void break_link() {
        linked_ = false;
        inbox_.clear();
        replies_.clear();
        conversation_.link_closed();
    }

    // Takes what the conversation has to send. It lies unread until read().
    void receive() {
        std::string& frames = conversation_.frames();
        require(frames.empty() || linked_ || !conversation_.wants_link(), "frames without a link");
        if (linked_) inbox_ += frames;
        frames.clear();
    }

    void read(bool name_is_taken) {
        const std::string bytes = std::exchange(inbox_, {});
        for_each_frame(bytes, [&](const Frame& frame) { handle(frame, name_is_taken); });
    }

    // Dies of the next request, if there is one, and its successor refuses it.
    void read_and_die() {
        const std::string bytes = std::exchange(inbox_, {});
        bool dead = false;
        for_each_frame(bytes, [&](const Frame& frame) {
            if (dead) return;
            dead =
                frame.type == FrameType::Post && !left_ && frame.as<Post>().counter == counter_ + 1;
            if (!dead) return handle(frame, false);
            ++counter_;
            Entry refused = entry(EntryKind::Refused, kMe);
            refused.to = kMe;
            refused.reason = static_cast<std::uint8_t>(Refusal::Poison);
            append(refused, name_, {});
        });
        break_link();
    }

    void voice(EntryKind kind, std::string_view text) {
        Entry heard = entry(kind, kBob);
        heard.counter = 0;
        if (kind == EntryKind::Tell) heard.to = kMe;
        append(heard, "bob", text);
    }

    void close_room() {
        Entry closing = entry(EntryKind::Closing, 0);
        closing.counter = 0;
        append(closing, {}, {});
    }

    // Hands over the next frame. False: there is none.
    bool deliver() {
        if (!linked_) return false;
        std::string bytes;
        if (!replies_.empty()) {
            bytes = std::move(replies_.front());
            replies_.pop_front();
        } else if (attached_ && at_ < log_.size()) {
            bytes = log_[at_++];
        } else {
            return false;
        }
        for_each_frame(bytes, [&](const Frame& frame) {
            require(conversation_.broker_sent(frame), "an honest frame is refused");
        });
        return true;
    }

    // The log overtakes the reader.
    void overtake() {
        if (!attached_ || !replies_.empty() || at_ == log_.size()) return;
        at_ = log_.size();
        reply(Gap{3, left_ ? UINT64_MAX : counter_}, left_ ? std::string_view() : name_);
    }

  private:
    static void require(bool holds, const std::string& promise) {
        if (!holds) throw std::runtime_error(promise);
    }

    template <class Body>
    void reply(const Body& body, std::string_view name = {}, std::string_view text = {}) {
        append_frame(replies_.emplace_back(), body, name, text);
    }

    Entry entry(EntryKind kind, std::uint64_t from) {
        Entry entry{};
        entry.kind = kind;
        entry.seq = kMe + log_.size() + 1;  // the Join is before the first
        entry.time_ms = kNow;
        entry.from = from;
        entry.counter = counter_;
        return entry;
    }

    void append(const Entry& entry, std::string_view name, std::string_view text) {
        append_frame(log_.emplace_back(), entry, name, text);
    }

    void handle(const Frame& frame, bool name_is_taken) {
        switch (frame.type) {
            case FrameType::Attach: return attach(frame, name_is_taken);
            case FrameType::AskWho:
                require(attached_, "a question before the welcome");
                reply(People{kNow, 1, 1}, frame.name);
                reply(Person{kNow, 0, 11, 0}, name_, "peer");
                return reply(Done{});
            case FrameType::AskReplay:
                require(attached_, "a question before the welcome");
                reply(Replay{kNow, 0, 0});
                return reply(Done{});
            case FrameType::Post:
                require(attached_, "a request before the welcome");
                return post(frame.as<Post>(), frame.name, frame.text);
            default: require(false, described(frame));
        }
    }

    void attach(const Frame& frame, bool name_is_taken) {
        const auto wanted = frame.as<Attach>();
        require(!attached_, "two Attach on one link");
        require(chatd::check_name(frame.name) == chatd::NameFault::None, "a bad name");
        if (left_) return reply(Denied{Refusal::Removed});
        if (!joined_ && name_is_taken) return reply(Denied{Refusal::NameTaken});
        require(wanted.session == 0 || (joined_ && wanted.session == kMe), "another's session");
        if (!joined_) name_ = frame.name;
        joined_ = true;
        attached_ = true;
        at_ = wanted.session == 0 ? 0 : static_cast<std::size_t>(wanted.last_seq - kMe);
        require(at_ <= log_.size(), "knows what never was");
        sent_ = counter_;
        reply(Welcome{kMe, counter_, 0, kNow, 1, 0}, {}, name_);
        if (wanted.newcomer != 0) reply(Done{});  // nothing was said before
    }

    void post(const Post& request, std::string_view name, std::string_view text) {
        require(request.counter == ++sent_, "a hole before " + described(request, name, text));
        require(is_clean_text(text), "not clean: " + escaped(text));
        require(!left_ || request.kind != EntryKind::Leave, "leaves twice");
        if (left_) return;
        ++counter_;
        Entry own = entry(request.kind, kMe);
        switch (request.kind) {
            case EntryKind::Say:
            case EntryKind::Emote:
                require(!text.empty(), "nothing said");
                said_.emplace_back(text);
                return append(own, name_, text);
            case EntryKind::Tell:
                require(!text.empty(), "nothing told");
                require(chatd::check_name(name) == chatd::NameFault::None, "a bad name");
                if (name == "nobody") return refuse(own, Refusal::NobodyThere);
                own.to = name == name_ ? kMe : kBob;
                return append(own, name_, text);
            case EntryKind::Rename:
                require(chatd::check_name(name) == chatd::NameFault::None, "a bad name");
                if (name == "bob") return refuse(own, Refusal::NameTaken);
                append(own, name_, name);
                name_ = name;
                return;
            case EntryKind::Leave:
                own.reason = static_cast<std::uint8_t>(request.reason);
                left_ = true;
                return append(own, name_, text);
            default: require(false, described(request, name, text));
        }
    }

    void refuse(Entry own, Refusal reason) {
        own.kind = EntryKind::Refused;
        own.to = kMe;
        own.reason = static_cast<std::uint8_t>(reason);
        append(own, name_, {});
    }

    Conversation& conversation_;
    bool linked_ = false;
    bool attached_ = false;  // on this link
    bool joined_ = false;
    bool left_ = false;
    std::string name_;
    std::uint64_t counter_ = 0;  // of the last request in the log
    std::uint64_t sent_ = 0;     // of the last request on this link
    std::string inbox_;
    std::deque<std::string> replies_;
    std::vector<std::string> log_;
    std::size_t at_ = 0;  // what the reader has of it
    Sent said_;
};

// All that has a meaning at the prompt or in the room, whole and in pieces.
constexpr std::string_view kTyped[] = {
    "alice\n",
    "bob\n",
    "a b\n",
    "hello\n",
    "你好\r\n",
    "//x\n",
    "\u0301\n",
    "\u0301e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\n",
    "/me \u0301 \u0301\n",
    "/me \u200D\u0301waves\n",
    "/msg bob \u0301 \u0301psst\n",
    "/msg \u0301bob psst\n",
    "/r \u0301yes\n",
    "//\u0301x\n",
    "/\u0301x\n",
    "/quit\u0301\n",
    "/who \u0301a\n",
    "/help\n",
    "/who\n",
    "/who al\r\n",
    "/me waves\n",
    "/me\n",
    "/msg bob ",
    "/msg nobody x\n",
    "/msg alice x\n",
    "/r yes\n",
    "/nick bob\n",
    "/nick eve\n",
    "/nick alice\n",
    "/history 5\n",
    "/history\n",
    "/time on\n",
    "/time off\n",
    "/lang zh\n",
    "/lang en\n",
    "/zzz\n",
    "/hlep\n",
    "\n",
    " ",
    "\r",
    "/",
    "\033[31mred",
    "\033]",
    "\xE4\xBD",
    "\xFF\xFF",
    "\u202E",
};

// One conversation from its prompt to its end, with everything that may happen to it on the way.
class Story {
  public:
    Story(std::uint32_t seed, bool with_disasters)
        : random_(seed), with_disasters_(with_disasters) {}

    // Throws when a promise is broken.
    void play() {
        for (int step = 0; step < 200 && !conversation_.end(); ++step) {
            happen();
            settle();
        }
        end();
    }

  private:
    void happen() {
        switch (random_.below(16)) {
            case 0:
            case 1:
            case 2:
            case 3:
            case 4: return type();
            case 5:
            case 6: return broker_.read(random_.one_in(4));
            case 7:
            case 8:
            case 9:
            case 10: return deliver(random_.below(8));
            case 11: return broker_.voice(EntryKind::Say, "hello");
            case 12: return broker_.voice(EntryKind::Tell, "psst");
            case 13:
                if (broker_.linked()) broker_.break_link();
                return;
            case 14:
                if (with_disasters_ && broker_.linked()) broker_.read_and_die();
                return;
            default: return happen_rarely();
        }
    }

    void happen_rarely() {
        switch (random_.below(20)) {
            case 0: return finish();
            case 1: return lose();
            case 2: return conversation_.operator_removes();
            case 3: return conversation_.server_closes();
            case 4: return broker_.close_room();
            case 5: return type_line("/quit bye\n");
            default:
                if (with_disasters_) broker_.overtake();
        }
    }

    void type() { type_line(kTyped[random_.below(std::size(kTyped))]); }

    void type_line(std::string_view bytes) {
        if (conversation_.wants_input() && !gone_) conversation_.client_sent(bytes);
    }

    void finish() {
        gone_ = true;
        conversation_.client_finished();
    }

    void lose() {
        gone_ = true;
        conversation_.client_lost();
    }

    void deliver(std::size_t frames) {
        for (; frames > 0 && broker_.deliver(); --frames) continue;
    }

    // What a worker does in each of its turns.
    void settle() {
        check_screen();
        if (!broker_.linked() && conversation_.wants_link() && random_.one_in(2)) {
            broker_.open_link();
        }
        broker_.receive();
    }

    // The client is gone and nothing more goes wrong: then it must be over soon.
    void end() {
        if (!conversation_.end()) lose();
        for (int turn = 0; turn < 100 && !conversation_.end(); ++turn) {
            settle();
            broker_.read(false);
            deliver(1000);
        }
        if (!conversation_.end()) throw std::runtime_error("it never ends");
    }

    void check_screen() {
        std::string screen = std::exchange(conversation_.screen(), {});
        std::erase(screen, '\n');
        if (!is_clean_text(screen)) throw std::runtime_error("shown: " + escaped(screen));
    }

    Random random_;
    bool with_disasters_;
    bool gone_ = false;
    Conversation conversation_{{Language::English, utc, 77, "192.0.2.7:51234"}};
    FakeBroker broker_{conversation_};
};

void play_stories(std::uint32_t seeds, bool with_disasters) {
    int failures = 0;
    for (std::uint32_t seed = 1; seed <= seeds && failures < 5; ++seed) {
        try {
            Story(seed, with_disasters).play();
        } catch (const std::exception& error) {
            ++failures;
            cr_expect(false, "story %u: %s", seed, error.what());
        }
    }
}

}  // namespace

TestSuite(conversation, .timeout = 20);

// --- At the door ---

Test(conversation, the_prompt_comes_at_once) {
    Client client;
    EXPECT_EQ(client.screen(), "Your name: ");
    EXPECT_EQ(client.sent(), kNothing);
    EXPECT_FALSE(client.conversation.wants_link());
    EXPECT_TRUE(client.conversation.wants_input());
    EXPECT_FALSE(client.end().has_value());
    EXPECT_EQ(client.conversation.name(), "");
}

Test(conversation, the_prompt_is_in_the_client_s_language) {
    Client client(Stage::Naming, Language::Chinese);
    EXPECT_EQ(client.screen(), "请输入用户名：");
}

Test(conversation, a_good_name_is_brought_to_the_broker) {
    Client client;
    (void)client.screen();
    EXPECT_EQ(client.sent_for("alice\n"), kNothing);
    EXPECT_TRUE(client.conversation.wants_link());
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(), Sent{"attach alice session 0 has 0"});
    EXPECT_EQ(client.screen(), "");
    EXPECT_EQ(client.conversation.name(), "");
}

Test(conversation, the_broker_is_told_who_the_worker_is) {
    Client client;
    client.types("alice\n");
    client.conversation.link_opened();
    for_each_frame(client.conversation.frames(), [](const Frame& frame) {
        EXPECT_EQ(frame.as<Attach>().birth_ns, 77);
        EXPECT_EQ(frame.text, "192.0.2.7:51234");
    });
}

Test(conversation, a_name_may_come_in_pieces_and_with_spaces_around_it) {
    Client client;
    client.types("  ali");
    EXPECT_FALSE(client.conversation.wants_link());
    client.types("ce\t\r");
    client.types("\n");
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(), Sent{"attach alice session 0 has 0"});
}

Test(conversation, a_bad_name_is_explained_and_asked_for_again) {
    const std::pair<std::string, std::string> cases[] = {
        {"", "A name has at least one letter or digit.\n"},
        {"   ", "A name has at least one letter or digit.\n"},
        {"a b", "A name is made of letters, digits, _ - and . without spaces.\n"},
        {"a\033[31mb", "A name is made of letters, digits, _ - and . without spaces.\n"},
        {"\xE4\xBD", "A name is made of letters, digits, _ - and . without spaces.\n"},
        {"...", "A name is made of letters, digits, _ - and . without spaces.\n"},
        {std::string(21, 'x'), "That name is too long: 20 characters at most.\n"},
        {std::string(5000, 'x'), "That name is too long: 20 characters at most.\n"},
    };
    for (const auto& [name, reason] : cases) {
        Client client;
        (void)client.screen();
        EXPECT_EQ(client.shown_for(name + "\n"), reason + std::string(kPrompt));
        EXPECT_FALSE(client.conversation.wants_link());
        EXPECT_FALSE(client.end().has_value());
    }
}

Test(conversation, ctrl_d_of_telnet_is_no_part_of_a_name) {
    for (const char* line : {"\x04"
                             "alice\r\n",
                             "\x04\x04 alice\r\n"}) {
        Client client;
        client.types(line);
        client.conversation.link_opened();
        EXPECT_EQ(client.sent(), Sent{"attach alice session 0 has 0"});
    }
    Client client;
    (void)client.screen();
    EXPECT_CONTAINS(client.shown_for("al\x04ice\n"), "A name is made of letters");
}

Test(conversation, a_good_name_is_taken_after_bad_ones) {
    Client client;
    for (const char* line : {"a b\n", "\n", "alice\n"}) client.types(line);
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(), Sent{"attach alice session 0 has 0"});
}

Test(conversation, after_five_bad_names_it_is_over) {
    EXPECT_EQ(kLoginAttemptsMax, 5);
    Client client;
    for (int i = 0; i < 4; ++i) client.types("a b\n");
    EXPECT_FALSE(client.end().has_value());
    (void)client.screen();
    EXPECT_EQ(client.shown_for("a b\n"),
              "A name is made of letters, digits, _ - and . without spaces.\n"
              "Too many tries. Goodbye.\n");
    EXPECT_EQ(client.end(), WorkerExit::Refused);
    EXPECT_FALSE(client.conversation.wants_link());
}

Test(conversation, what_follows_five_bad_names_is_not_looked_at) {
    Client client;
    for (int i = 0; i < 4; ++i) client.types("a b\n");
    client.types("a b\nalice\nhello\n");
    EXPECT_EQ(client.end(), WorkerExit::Refused);
    EXPECT_FALSE(client.conversation.wants_link());
    EXPECT_TRUE(client.screen().ends_with("Too many tries. Goodbye.\n"));
}

Test(conversation, who_tells_a_taken_name_is_asked_for_another) {
    Client client(Stage::Entering);
    client.broker(Denied{Refusal::NameTaken});
    EXPECT_EQ(client.screen(), "The name alice is taken, or looks like one that is.\nYour name: ");
    EXPECT_EQ(client.sent(), kNothing);
    EXPECT_FALSE(client.conversation.wants_link());
    EXPECT_EQ(client.sent_for("bob\n"), Sent{"attach bob session 0 has 0"});
    client.broker(Denied{Refusal::NameTaken});
    EXPECT_EQ(client.screen(), "The name bob is taken, or looks like one that is.\nYour name: ");
}

Test(conversation, taken_names_and_bad_names_count_together) {
    Client client;
    client.types("a b\n");
    client.types("alice\n");
    client.conversation.link_opened();
    client.broker(Denied{Refusal::NameTaken});
    client.types("a b\n");
    client.types("\n");
    EXPECT_FALSE(client.end().has_value());
    client.types("alice\n");
    (void)client.screen();
    client.broker(Denied{Refusal::NameTaken});
    EXPECT_EQ(client.screen(),
              "The name alice is taken, or looks like one that is.\nToo many tries. Goodbye.\n");
    EXPECT_EQ(client.end(), WorkerExit::Refused);
}

Test(conversation, a_link_lost_at_the_prompt_is_not_missed) {
    Client client(Stage::Entering);
    client.broker(Denied{Refusal::NameTaken});
    client.conversation.link_closed();
    EXPECT_FALSE(client.conversation.wants_link());
    client.types("bob\n");
    EXPECT_TRUE(client.conversation.wants_link());
    EXPECT_EQ(client.sent(), kNothing);
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(), Sent{"attach bob session 0 has 0"});
}

Test(conversation, a_full_room_says_so) {
    Client client(Stage::Entering);
    client.broker(Denied{Refusal::RoomFull});
    EXPECT_EQ(client.screen(), "The chat room is full. Please try again later.\n");
    EXPECT_EQ(client.end(), WorkerExit::Refused);
}

Test(conversation, the_language_may_be_chosen_at_the_prompt) {
    Client client;
    (void)client.screen();
    EXPECT_EQ(client.shown_for("/lang zh\n"), "语言已换成中文。\n请输入用户名：");
    EXPECT_EQ(client.shown_for(" /LANG en \r\n"), "The language is English.\nYour name: ");
    EXPECT_EQ(client.shown_for("/lang de\n"), "Say en or zh: /lang zh\nYour name: ");
}

Test(conversation, choosing_a_language_is_no_bad_name) {
    Client client;
    client.types(lines(20, "/lang zh") + lines(20, "/lang"));
    EXPECT_FALSE(client.end().has_value());
}

Test(conversation, one_may_quit_at_the_prompt) {
    for (const char* quit : {"/quit\n", "/QUIT bye\r\n", "  /quit\n"}) {
        Client client;
        (void)client.screen();
        EXPECT_EQ(client.shown_for(quit), "Goodbye.\n");
        EXPECT_EQ(client.end(), WorkerExit::Goodbye);
    }
}

Test(conversation, any_other_command_at_the_prompt_is_a_bad_name) {
    for (const char* line : {"/who\n", "/help\n", "/alice\n", "//alice\n", "/\n"}) {
        Client client;
        (void)client.screen();
        EXPECT_EQ(client.shown_for(line),
                  "A name is made of letters, digits, _ - and . without spaces.\nYour name: ");
    }
}

Test(conversation, who_goes_at_the_prompt_is_not_missed) {
    Client finished;
    finished.conversation.client_finished();
    EXPECT_EQ(finished.end(), WorkerExit::Goodbye);
    Client lost;
    lost.conversation.client_lost();
    EXPECT_EQ(lost.end(), WorkerExit::Lost);
}

Test(conversation, a_name_without_end_of_line_is_a_name) {
    Client client;
    client.types("alice");
    client.conversation.client_finished();
    EXPECT_TRUE(client.conversation.wants_link());
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(), Sent{"attach alice session 0 has 0"});
    client.welcome();
    EXPECT_EQ(client.sent(), Sent{"1 leave quit"});
}

// --- Coming in ---

Test(conversation, who_comes_in_is_welcomed) {
    Client client(Stage::Entering);
    client.broker(Welcome{kMe, 0, 100, kNow, 3, 0}, {}, "alice bob eve");
    EXPECT_EQ(client.screen(),
              "Welcome, alice. 3 people are here: alice, bob, eve. /help lists the commands.\n");
    EXPECT_EQ(client.conversation.name(), "alice");
    EXPECT_EQ(client.sent(), kNothing);
    EXPECT_TRUE(client.conversation.wants_link());
}

Test(conversation, a_newcomer_is_shown_what_was_said_before_with_its_time) {
    Client client(Stage::Entering);
    client.broker(Welcome{kMe, 0, 100, kNow, 1, 0}, {}, "alice");
    (void)client.screen();
    client.past("bob", "yesterday", kYesterday);
    client.past("bob", "hello", kNow);
    client.broker(Done{});
    EXPECT_EQ(client.screen(), "[11-19 14:02] bob says: yesterday\n[14:02] bob says: hello\n");
}

Test(conversation, what_is_typed_before_the_welcome_waits_and_goes_out_in_order) {
    Client client;
    client.types("alice\none\n");
    client.conversation.link_opened();
    client.types("two\n/me waves\n");
    EXPECT_EQ(client.sent(), Sent{"attach alice session 0 has 0"});
    client.welcome();
    EXPECT_EQ(client.sent(), (Sent{"1 say: one", "2 say: two", "3 emote: waves"}));
}

Test(conversation, what_was_sent_behind_a_refused_name_does_not_become_one) {
    Client client;
    client.types("a b\nhello\n");
    EXPECT_FALSE(client.conversation.wants_link());
    client.types("alice\nhello\n");
    client.conversation.link_opened();
    (void)client.sent();
    client.broker(Denied{Refusal::NameTaken});
    EXPECT_EQ(client.sent(), Sent{});
    client.types("bob\n");
    EXPECT_EQ(client.sent(), Sent{"attach bob session 0 has 0"});
}

Test(conversation, a_link_that_breaks_before_the_welcome_is_tried_again) {
    Client client(Stage::Entering);
    client.conversation.link_closed();
    EXPECT_TRUE(client.conversation.wants_link());
    client.types("hello\n");
    EXPECT_EQ(client.sent(), kNothing);
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(), Sent{"attach alice session 0 has 0"});
    client.welcome();
    EXPECT_EQ(client.sent(), Sent{"1 say: hello"});
}

Test(conversation, who_is_gone_before_the_welcome_leaves_after_it) {
    Client client(Stage::Entering);
    client.types("hello\n");
    client.conversation.client_lost();
    EXPECT_FALSE(client.end().has_value());
    EXPECT_TRUE(client.conversation.wants_link());
    client.welcome();
    EXPECT_EQ(client.sent(), (Sent{"1 say: hello", "2 leave lost"}));
    client.leaves_the_log(2, LeaveReason::Lost);
    EXPECT_EQ(client.end(), WorkerExit::Lost);
}

Test(conversation, who_is_gone_and_is_denied_is_just_gone) {
    Client client(Stage::Entering);
    client.conversation.client_lost();
    client.broker(Denied{Refusal::NameTaken});
    EXPECT_EQ(client.end(), WorkerExit::Lost);
}

Test(conversation, who_sends_all_at_once_and_closes_still_says_it_and_leaves) {
    Client client;
    client.types("alice\nhello\nbye");
    client.conversation.client_finished();
    client.conversation.link_opened();
    (void)client.sent();
    client.welcome();
    EXPECT_EQ(client.sent(), (Sent{"1 say: hello", "2 say: bye", "3 leave quit"}));
}

// --- Talking ---

Test(conversation, a_line_is_said) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("hello\n"), Sent{"1 say: hello"});
    EXPECT_EQ(client.sent_for("你好\r\n"), Sent{"2 say: 你好"});
    EXPECT_EQ(client.sent_for("//x\n"), Sent{"3 say: /x"});
}

Test(conversation, one_s_own_line_does_not_come_back_on_the_screen) {
    Client client(Stage::Talking);
    client.types("hello\n/me waves\n");
    client.comes_back(EntryKind::Say, 1, "hello");
    client.comes_back(EntryKind::Emote, 2, "waves");
    EXPECT_EQ(client.screen(), "");
}

Test(conversation, another_s_line_is_shown) {
    Client client(Stage::Talking);
    client.happens(EntryKind::Join, kBob, "bob");
    client.happens(EntryKind::Say, kBob, "bob", "hello");
    client.happens(EntryKind::Emote, kBob, "bob", "waves");
    client.happens(EntryKind::Rename, kBob, "bob", "rob");
    client.happens(EntryKind::Leave, kBob, "rob", "bye");
    EXPECT_EQ(client.screen(),
              "bob entered the chat room\n"
              "bob says: hello\n"
              "* bob waves\n"
              "bob is now called rob\n"
              "rob left the chat room: bye\n");
    EXPECT_EQ(client.sent(), kNothing);
}

Test(conversation, what_is_said_is_cleaned) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("\033[31mred\033[0m\tand \x01\x7Fplain\n"),
              Sent{"1 say: red and plain"});
    EXPECT_EQ(client.sent_for("bad \xE4\xBD bytes\n"), Sent{"2 say: bad \uFFFD bytes"});
    EXPECT_EQ(client.sent_for("/me \033]0;title\awaves\n"), Sent{"3 emote: waves"});
    EXPECT_EQ(client.sent_for("/quit \u202Ebye\n"), Sent{"4 leave quit: bye"});
}

Test(conversation, a_line_with_nothing_to_see_is_not_said) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("\n   \n\t\r\n\u3000\u200B\n\033[31m\n"), kNothing);
}

Test(conversation, no_mark_begins_what_is_said) {
    Client client(Stage::Talking);
    client.types("\u0301\n\u0301hi\n/me \u0301waves\n/msg bob \u0301 \u0301psst\n//\u0301x\n");
    EXPECT_EQ(client.sent(),
              (Sent{"1 say: hi", "2 emote: waves", "3 tell bob: psst", "4 say: /\u0301x"}));
    client.types("/me \u0301\n");
    EXPECT_EQ(client.sent(), kNothing);
    EXPECT_EQ(client.screen(), "Say what you do: /me waves\n");
}

Test(conversation, a_line_is_said_however_it_is_cut) {
    const std::string stream = "hello 你好\r\n/me waves\n//x\r\n";
    for (std::size_t at = 0; at <= stream.size(); ++at) {
        Client client(Stage::Talking);
        client.types(stream.substr(0, at));
        client.types(stream.substr(at));
        EXPECT_EQ(client.sent(), (Sent{"1 say: hello 你好", "2 emote: waves", "3 say: /x"}));
    }
}

Test(conversation, a_line_that_is_too_long_is_refused_and_the_next_is_said) {
    Client client(Stage::Talking);
    client.types(std::string(kLineBytesMax + 1, 'x') + "\nafter\n");
    EXPECT_EQ(client.screen(), "That line was too long and was not sent: 4096 bytes at most.\n");
    EXPECT_EQ(client.sent(), Sent{"1 say: after"});
}

Test(conversation, the_longest_line_that_triples_when_cleaned_is_said) {
    Client client(Stage::Talking);
    client.types(std::string(kLineBytesMax, '\xC1') + "\n");
    ASSERT_EQ(client.screen(), "");
    EXPECT_EQ(client.sent().at(0).size(), 3 * kLineBytesMax + std::string_view("1 say: ").size());
}

Test(conversation, telnet_is_answered_and_not_said) {
    Client client(Stage::Talking);
    client.types("hel\xFF\xF4\xFF\xFD\x06lo\r\n");
    EXPECT_EQ(client.screen(), "\xFF\xFC\x06");
    EXPECT_EQ(client.sent(), Sent{"1 say: hello"});
    Client at_the_door;
    (void)at_the_door.screen();
    EXPECT_EQ(at_the_door.shown_for("\xFF\xFB\x1F"), "\xFF\xFE\x1F");
}

// --- Commands ---

Test(conversation, help_lists_the_commands) {
    Client client(Stage::Talking);
    const std::string help = client.shown_for("/help\n");
    EXPECT_CONTAINS(help, "/msg NAME text");
    EXPECT_TRUE(help.ends_with("\n"));
    EXPECT_FALSE(help.ends_with("\n\n"));
}

Test(conversation, me_says_what_one_does) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/me waves at bob\n"), Sent{"1 emote: waves at bob"});
    EXPECT_EQ(client.shown_for("/me\n"), "Say what you do: /me waves\n");
    EXPECT_EQ(client.shown_for("/me  \u3000 \n"), "Say what you do: /me waves\n");
}

Test(conversation, msg_tells_one_person) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/msg bob  psst, listen\n"), Sent{"1 tell bob: psst, listen"});
    EXPECT_EQ(client.sent_for("/msg 小明 嘘\n"), Sent{"2 tell 小明: 嘘"});
    client.comes_back(EntryKind::Tell, 1, "psst, listen", kBob);
    EXPECT_EQ(client.screen(), "");
}

Test(conversation, msg_needs_a_name_and_words) {
    Client client(Stage::Talking);
    for (const char* line : {"/msg\n", "/msg bob\n", "/msg bob \u3000\n"}) {
        EXPECT_EQ(client.shown_for(line), "Say whom and what: /msg bob hello\n");
    }
}

Test(conversation, nobody_can_have_a_name_that_is_none) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.shown_for("/msg b/b hello\n"), "Nobody here is called b/b.\n");
    EXPECT_EQ(client.shown_for("/msg " + std::string(21, 'x') + " hello\n"),
              "Nobody here is called xxxxxxxxxxxxxxxxxxxxx.\n");
}

Test(conversation, who_tells_somebody_who_is_not_here_learns_it) {
    Client client(Stage::Talking);
    client.types("/msg bob hello\n");
    client.is_refused(1, Refusal::NobodyThere, "bob");
    EXPECT_EQ(client.screen(), "Nobody here is called bob.\n");
}

Test(conversation, of_several_requests_the_one_that_is_refused_is_named) {
    Client client(Stage::Talking);
    client.types("/msg bob hello\n/nick eve\n/msg dan hello\n");
    client.is_refused(1, Refusal::NobodyThere, "bob");
    client.is_refused(2, Refusal::NameTaken, "eve");
    client.is_refused(3, Refusal::NobodyThere, "dan");
    EXPECT_EQ(client.screen(),
              "Nobody here is called bob.\n"
              "The name eve is taken, or looks like one that is.\n"
              "Nobody here is called dan.\n");
}

Test(conversation, one_may_tell_oneself) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/msg alice note\n"), Sent{"1 tell alice: note"});
    client.comes_back(EntryKind::Tell, 1, "note", kMe);
    EXPECT_EQ(client.screen(), "alice tells you: note\n");
    EXPECT_EQ(client.sent_for("/r another\n"), Sent{"2 tell alice: another"});
}

Test(conversation, r_answers_the_last_who_told) {
    Client client(Stage::Talking);
    client.told(kBob, "bob", "psst");
    client.told(kEve, "eve", "hey");
    client.happens(EntryKind::Say, kBob, "bob", "to all");
    (void)client.screen();
    EXPECT_EQ(client.sent_for("/r yes?\n"), Sent{"1 tell eve: yes?"});
    client.told(kBob, "bob", "again");
    (void)client.screen();
    EXPECT_EQ(client.sent_for("/r what?\n"), Sent{"2 tell bob: what?"});
}

Test(conversation, r_follows_a_rename) {
    Client client(Stage::Talking);
    client.told(kBob, "bob", "psst");
    client.happens(EntryKind::Rename, kEve, "eve", "eva");
    client.happens(EntryKind::Rename, kBob, "bob", "rob");
    client.happens(EntryKind::Rename, kBob, "rob", "bert");
    (void)client.screen();
    EXPECT_EQ(client.sent_for("/r yes?\n"), Sent{"1 tell bert: yes?"});
}

Test(conversation, r_needs_words_and_somebody_to_answer) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.shown_for("/r\n"), "Say what: /r hello\n");
    EXPECT_EQ(client.shown_for("/r hello\n"), "Nobody has told you anything yet.\n");
    client.told(kBob, "bob", "psst");
    (void)client.screen();
    EXPECT_EQ(client.shown_for("/r  \n"), "Say what: /r hello\n");
}

Test(conversation, r_does_not_answer_the_past) {
    Client client(Stage::Talking);
    Entry old = client.entry(EntryKind::Tell, kBob);
    old.seq = 5;
    old.to = kMe;
    client.broker(old, "bob", "psst");
    EXPECT_EQ(client.screen(), "[14:02] bob tells you: psst\n");
    EXPECT_EQ(client.shown_for("/r hello\n"), "Nobody has told you anything yet.\n");
}

Test(conversation, nick_changes_the_name_once_the_room_agrees) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/nick alicia\n"), Sent{"1 rename alicia"});
    EXPECT_EQ(client.conversation.name(), "alice");
    client.comes_back(EntryKind::Rename, 1, "alicia");
    EXPECT_EQ(client.screen(), "You are now called alicia.\n");
    EXPECT_EQ(client.conversation.name(), "alicia");
}

Test(conversation, nick_may_be_refused_by_the_room) {
    Client client(Stage::Talking);
    client.types("/nick bob\n");
    client.is_refused(1, Refusal::NameTaken, "bob");
    EXPECT_EQ(client.screen(), "The name bob is taken, or looks like one that is.\n");
    EXPECT_EQ(client.conversation.name(), "alice");
}

Test(conversation, a_bad_new_name_is_refused_at_once) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.shown_for("/nick\n"), "Say the new name: /nick bob\n");
    EXPECT_EQ(client.shown_for("/nick alice\n"), "You are called alice already.\n");
    EXPECT_EQ(client.shown_for("/nick a b\n"),
              "A name is made of letters, digits, _ - and . without spaces.\n");
    EXPECT_EQ(client.shown_for("/nick " + std::string(21, 'x') + "\n"),
              "That name is too long: 20 characters at most.\n");
    EXPECT_EQ(client.shown_for("/nick " + std::string(4000, 'x') + "\n"),
              "That name is too long: 20 characters at most.\n");
    EXPECT_EQ(client.shown_for("/nick /x\n"),
              "A name is made of letters, digits, _ - and . without spaces.\n");
}

Test(conversation, nick_may_change_the_case_of_letters) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/nick Alice\n"), Sent{"1 rename Alice"});
}

Test(conversation, who_shows_who_is_here) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/who\n"), Sent{"who []"});
    client.broker(People{kNow, 2, 2});
    client.broker(Person{kNow, 0, 11, 0}, "alice", "192.0.2.7:51234");
    client.broker(Person{kYesterday, 3000, 12, 0}, "bob", "192.0.2.8:1");
    client.broker(Done{});
    EXPECT_EQ(client.screen(),
              "2 people are here:\n"
              "  alice  pid 11, since 14:02, idle 0 s, from 192.0.2.7:51234\n"
              "  bob  pid 12, since 11-19 14:02, idle 3 s, from 192.0.2.8:1\n");
}

Test(conversation, who_may_ask_for_names_that_begin_so) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/who al\n"), Sent{"who [al]"});
    client.broker(People{kNow, 200, 60}, "al");
    client.broker(Person{kNow, 0, 11, 0}, "alice", "peer");
    client.broker(Done{59});
    EXPECT_EQ(client.screen(),
              "Names that begin with al, 60 of 200:\n"
              "  alice  pid 11, since 14:02, idle 0 s, from peer\n"
              "  … and 59 more. /who al shows those whose name begins with al.\n");
    EXPECT_EQ(client.shown_for("/who " + std::string(4000, 'x') + "\n"),
              "That name is too long: 20 characters at most.\n");
}

Test(conversation, history_shows_what_was_said_with_its_time) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/history\n"), Sent{"past 20"});
    client.broker(Replay{kNow, 2, 0});
    client.past("bob", "one", kYesterday);
    client.past("alice", "two", kNow);
    client.broker(Done{});
    EXPECT_EQ(client.screen(), "[11-19 14:02] bob says: one\n[14:02] alice says: two\n");
    EXPECT_EQ(client.sent_for("/history 5\n"), Sent{"past 5"});
    client.broker(Replay{kNow, 0, 0});
    client.broker(Done{});
    EXPECT_EQ(client.screen(), "Nobody has said anything yet.\n");
}

Test(conversation, a_question_asked_the_next_day_is_answered_with_dates) {
    constexpr std::int64_t kTomorrow = kNow + 24 * 60 * 60 * 1000;
    Client client(Stage::Talking);
    client.types("/history\n");
    client.broker(Replay{kTomorrow, 1, 0});
    client.past("bob", "one", kNow);
    EXPECT_EQ(client.screen(), "[11-20 14:02] bob says: one\n");
    client.broker(Done{});
    client.types("/who\n");
    client.broker(People{kTomorrow, 2, 2});
    client.broker(Person{kNow, 0, 12, 0}, "bob", "peer");
    client.broker(Done{});
    EXPECT_CONTAINS(client.screen(), "since 11-20 14:02,");
}

Test(conversation, history_shows_up_to_a_thousand) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/history 1000\n"), Sent{"past 1000"});
    client.broker(Done{});
    EXPECT_EQ(client.sent_for("/history 1\n"), Sent{"past 1"});
    client.broker(Done{});
    for (const char* many :
         {"0", "1001", "-1", "+5", "all", "5 6", "1.5", "99999999999999999999"}) {
        EXPECT_EQ(client.shown_for("/history " + std::string(many) + "\n"),
                  "Say how many, from 1 to 1000: /history 20\n");
    }
}

Test(conversation, what_happens_live_comes_without_time_unless_asked_for) {
    Client client(Stage::Talking);
    client.happens(EntryKind::Say, kBob, "bob", "one");
    EXPECT_EQ(client.screen(), "bob says: one\n");
    EXPECT_EQ(client.shown_for("/time on\n"), "What happens is now shown with its time.\n");
    client.happens(EntryKind::Say, kBob, "bob", "two");
    EXPECT_EQ(client.screen(), "[14:02] bob says: two\n");
    EXPECT_EQ(client.shown_for("/time off\n"), "Times are no longer shown.\n");
    client.happens(EntryKind::Say, kBob, "bob", "three");
    EXPECT_EQ(client.screen(), "bob says: three\n");
    for (const char* line : {"/time\n", "/time now\n"}) {
        EXPECT_EQ(client.shown_for(line), "Say on or off: /time on\n");
    }
}

Test(conversation, lang_changes_the_language) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.shown_for("/lang zh\n"), "语言已换成中文。\n");
    client.happens(EntryKind::Say, kBob, "bob", "hello");
    EXPECT_EQ(client.screen(), "bob 说： hello\n");
    EXPECT_EQ(client.shown_for("/lang en\n"), "The language is English.\n");
    for (const char* line : {"/lang\n", "/lang de\n"}) {
        EXPECT_EQ(client.shown_for(line), "Say en or zh: /lang zh\n");
    }
}

Test(conversation, an_unknown_command_is_explained_and_not_said) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.shown_for("/hlep\n"), "There is no command /hlep. Did you mean /help?\n");
    EXPECT_EQ(client.shown_for("/zzz secret\n"),
              "There is no command /zzz. "
              "/help lists them; // at the beginning says a line with one /.\n");
}

Test(conversation, what_is_shown_again_is_clean) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.shown_for("/zzz\033[31m\u202E\n"),
              "There is no command /zzz. "
              "/help lists them; // at the beginning says a line with one /.\n");
    EXPECT_EQ(client.shown_for("/msg b/\033[2Jb hello\n"), "Nobody here is called b/b.\n");
}

// --- One thing at a time ---

Test(conversation, a_line_after_a_question_waits_for_the_answer) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/who\n/quit\n"), Sent{"who []"});
    client.broker(People{kNow, 1, 1});
    client.broker(Person{kNow, 0, 11, 0}, "alice", "peer");
    EXPECT_EQ(client.sent(), kNothing);
    client.broker(Done{});
    EXPECT_EQ(client.sent(), Sent{"1 leave quit"});
}

Test(conversation, questions_are_asked_one_after_the_other) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/who\n/history 3\n/who al\nhello\n"), Sent{"who []"});
    client.broker(Done{});
    EXPECT_EQ(client.sent(), Sent{"past 3"});
    client.broker(Done{});
    EXPECT_EQ(client.sent(), Sent{"who [al]"});
    client.broker(Done{});
    EXPECT_EQ(client.sent(), Sent{"1 say: hello"});
}

Test(conversation, others_are_heard_while_a_question_waits) {
    Client client(Stage::Talking);
    client.types("/who\n");
    client.happens(EntryKind::Say, kBob, "bob", "hello");
    EXPECT_EQ(client.screen(), "bob says: hello\n");
}

Test(conversation, an_answer_that_begins_anew_after_a_broken_link_is_not_shown_twice) {
    Client client(Stage::Talking);
    client.types("/history\n");
    client.broker(Replay{kNow, 3, 0});
    client.past("bob", "one");
    client.past("bob", "two");
    EXPECT_EQ(client.screen(), "[14:02] bob says: one\n[14:02] bob says: two\n");
    client.relinks();
    client.welcome(0);
    client.broker(Replay{kNow, 3, 0});
    client.past_begins_anew();
    for (const char* text : {"one", "two", "three"}) client.past("bob", text);
    client.broker(Done{});
    EXPECT_EQ(client.screen(), "[14:02] bob says: three\n");
    client.types("/history\n");
    client.past_begins_anew();
    client.past("bob", "one");
    EXPECT_EQ(client.screen(), "[14:02] bob says: one\n");
}

Test(conversation, what_a_newcomer_is_shown_is_no_answer_to_a_question) {
    Client client;
    client.types("alice\n/history\n/quit\n");
    client.conversation.link_opened();
    (void)client.sent();
    client.broker(Welcome{kMe, 0, 100, kNow, 1, 0}, {}, "alice");
    client.past("bob", "hello");
    EXPECT_EQ(client.sent(), Sent{"past 20"});
    client.broker(Done{});  // of what a newcomer is shown
    EXPECT_EQ(client.sent(), kNothing);
    client.broker(Replay{kNow, 0, 0});
    client.broker(Done{});
    EXPECT_EQ(client.sent(), Sent{"1 leave quit"});
}

// --- Leaving ---

Test(conversation, who_quits_sees_all_that_came_before_and_a_goodbye) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/quit\n"), Sent{"1 leave quit"});
    EXPECT_FALSE(client.end().has_value());
    client.happens(EntryKind::Say, kBob, "bob", "wait");
    client.leaves_the_log(1, LeaveReason::Quit);
    EXPECT_EQ(client.screen(), "bob says: wait\nGoodbye.\n");
    EXPECT_EQ(client.end(), WorkerExit::Goodbye);
}

Test(conversation, who_quits_may_have_last_words) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/quit good night\n"), Sent{"1 leave quit: good night"});
}

Test(conversation, what_follows_quit_is_not_looked_at) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/quit\nhello\n/who\n"), Sent{"1 leave quit"});
    EXPECT_EQ(client.sent_for("hello again\n"), kNothing);
    client.leaves_the_log(1, LeaveReason::Quit);
    EXPECT_EQ(client.sent(), kNothing);
}

Test(conversation, the_end_of_input_leaves_in_silence) {
    Client client(Stage::Talking);
    client.types("hello\n");
    client.conversation.client_finished();
    EXPECT_FALSE(client.conversation.wants_input());
    EXPECT_EQ(client.sent(), (Sent{"1 say: hello", "2 leave quit"}));
    client.leaves_the_log(2, LeaveReason::Quit);
    EXPECT_EQ(client.screen(), "");
    EXPECT_EQ(client.end(), WorkerExit::Goodbye);
}

Test(conversation, a_last_line_without_end_is_said_before_leaving) {
    Client client(Stage::Talking);
    client.types("one\ntwo");
    EXPECT_EQ(client.sent(), Sent{"1 say: one"});
    client.conversation.client_finished();
    EXPECT_EQ(client.sent(), (Sent{"2 say: two", "3 leave quit"}));
}

Test(conversation, a_last_command_without_end_is_obeyed) {
    Client client(Stage::Talking);
    client.types("/quit bye");
    client.conversation.client_finished();
    EXPECT_EQ(client.sent(), Sent{"1 leave quit: bye"});
}

Test(conversation, the_end_of_input_waits_for_the_answer_to_a_question) {
    Client client(Stage::Talking);
    client.types("/who\nbye\n");
    client.conversation.client_finished();
    EXPECT_EQ(client.sent(), Sent{"who []"});
    client.broker(Done{});
    EXPECT_EQ(client.sent(), (Sent{"1 say: bye", "2 leave quit"}));
}

Test(conversation, who_is_lost_leaves_without_what_was_not_yet_said) {
    Client client(Stage::Talking);
    client.types("hello\nhalf a li");
    client.conversation.client_lost();
    EXPECT_EQ(client.sent(), (Sent{"1 say: hello", "2 leave lost"}));
    client.leaves_the_log(2, LeaveReason::Lost);
    EXPECT_EQ(client.end(), WorkerExit::Lost);
}

Test(conversation, who_is_lost_while_a_question_waits_leaves_after_it) {
    Client client(Stage::Talking);
    client.types("/who\n");
    client.conversation.client_lost();
    (void)client.sent();
    client.broker(Done{});
    EXPECT_EQ(client.sent(), Sent{"1 leave lost"});
}

Test(conversation, who_has_quit_and_is_lost_leaves_once) {
    Client client(Stage::Talking);
    client.types("/quit\n");
    client.conversation.client_finished();
    client.conversation.client_lost();
    EXPECT_EQ(client.sent(), Sent{"1 leave quit"});
    client.leaves_the_log(1, LeaveReason::Quit);
    EXPECT_EQ(client.end(), WorkerExit::Goodbye);
}

Test(conversation, whom_the_room_lets_go_unasked_is_told_that_something_went_wrong) {
    Client client(Stage::Talking);
    client.leaves_the_log(0, LeaveReason::Expelled);
    EXPECT_EQ(client.screen(), "Something went wrong on the server. Please come in again.\n");
    EXPECT_EQ(client.end(), WorkerExit::Failed);
}

Test(conversation, when_all_is_over_nothing_more_happens) {
    Client client(Stage::Talking);
    client.types("/quit\n");
    client.leaves_the_log(1, LeaveReason::Quit);
    (void)client.screen();
    (void)client.sent();
    EXPECT_FALSE(client.conversation.wants_link());
    EXPECT_FALSE(client.conversation.wants_input());
    client.happens(EntryKind::Say, kBob, "bob", "hello?");
    EXPECT_TRUE(client.takes(CloseRoom{}));
    client.types("hello\n");
    client.conversation.client_finished();
    client.conversation.client_lost();
    client.conversation.operator_removes();
    client.conversation.server_closes();
    EXPECT_EQ(client.screen(), "");
    EXPECT_EQ(client.sent(), kNothing);
    EXPECT_EQ(client.end(), WorkerExit::Goodbye);
}

// --- Broken links ---

Test(conversation, what_the_log_may_not_have_is_sent_again_after_a_broken_link) {
    Client client(Stage::Talking);
    client.types("one\ntwo\nthree\n");
    client.comes_back(EntryKind::Say, 1, "one");
    (void)client.sent();
    client.conversation.link_closed();
    EXPECT_TRUE(client.conversation.wants_link());
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(),
              Sent{"attach alice session 40 has " + std::to_string(client.last_seq())});
    client.welcome(2);
    EXPECT_EQ(client.sent(), Sent{"3 say: three"});
    EXPECT_EQ(client.screen(), "");
}

Test(conversation, what_is_typed_without_a_link_is_sent_once_there_is_one) {
    Client client(Stage::Talking);
    client.types("one\n");
    (void)client.sent();
    client.conversation.link_closed();
    EXPECT_EQ(client.sent_for("two\n/nick alicia\n"), kNothing);
    client.conversation.link_opened();
    client.types("three\n");
    (void)client.sent();
    client.welcome(0);
    EXPECT_EQ(client.sent(), (Sent{"1 say: one", "2 say: two", "3 rename alicia", "4 say: three"}));
    EXPECT_EQ(client.sent_for("five\n"), Sent{"5 say: five"});
}

Test(conversation, what_did_not_go_out_before_the_link_broke_goes_out_once) {
    Client client(Stage::Talking);
    client.types("one\n");
    client.conversation.frames().erase(0, 5);  // the rest is still to be sent
    client.conversation.link_closed();
    EXPECT_EQ(client.sent(), kNothing);
    client.conversation.link_opened();
    (void)client.sent();
    client.welcome(0);
    EXPECT_EQ(client.sent(), Sent{"1 say: one"});
}

Test(conversation, what_has_come_back_is_never_sent_again) {
    Client client(Stage::Talking);
    client.types("one\n/me two\n/msg bob three\n/nick alicia\n/msg dan five\n");
    client.comes_back(EntryKind::Say, 1, "one");
    client.comes_back(EntryKind::Emote, 2, "two");
    client.comes_back(EntryKind::Tell, 3, "three", kBob);
    client.comes_back(EntryKind::Rename, 4, "alicia");
    client.is_refused(5, Refusal::NobodyThere);
    client.conversation.link_closed();
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(),
              Sent{"attach alicia session 40 has " + std::to_string(client.last_seq())});
    client.welcome(0);
    EXPECT_EQ(client.sent(), kNothing);
}

Test(conversation, links_may_break_as_often_as_they_like) {
    Client client(Stage::Talking);
    client.types("one\n");
    for (int count = 0; count < 10; ++count) {
        client.conversation.link_closed();
        client.conversation.link_opened();
        client.types("more\n");
    }
    (void)client.sent();
    client.welcome(0);
    const Sent sent = client.sent();
    ASSERT_EQ(sent.size(), 11);
    EXPECT_EQ(sent.front(), "1 say: one");
    EXPECT_EQ(sent.back(), "11 say: more");
}

Test(conversation, one_who_comes_back_is_not_welcomed_again) {
    Client client(Stage::Talking);
    client.conversation.link_closed();
    client.conversation.link_opened();
    client.welcome(0);
    EXPECT_EQ(client.screen(), "");
}

Test(conversation, a_question_is_asked_again_after_a_broken_link) {
    Client client(Stage::Talking);
    client.types("hello\n/who al\n/quit\n");
    client.broker(People{kNow, 1, 1}, "al");
    client.relinks();
    client.welcome(0);
    EXPECT_EQ(client.sent(), (Sent{"1 say: hello", "who [al]"}));
    client.broker(Done{});
    EXPECT_EQ(client.sent(), Sent{"2 leave quit"});
}

Test(conversation, a_question_that_was_answered_is_not_asked_again) {
    Client client(Stage::Talking);
    client.types("/history\n");
    client.broker(Done{});
    client.relinks();
    client.welcome(0);
    EXPECT_EQ(client.sent(), kNothing);
}

Test(conversation, a_question_asked_without_a_link_is_asked_once_there_is_one) {
    Client client(Stage::Talking);
    client.conversation.link_closed();
    EXPECT_EQ(client.sent_for("/who\n"), kNothing);
    client.conversation.link_opened();
    (void)client.sent();
    client.welcome(0);
    EXPECT_EQ(client.sent(), Sent{"who []"});
}

Test(conversation, who_leaves_while_the_link_is_broken_leaves_once_it_is_back) {
    Client client(Stage::Talking);
    client.conversation.link_closed();
    client.types("hello\n/quit\n");
    EXPECT_TRUE(client.conversation.wants_link());
    client.conversation.link_opened();
    (void)client.sent();
    client.welcome(0);
    EXPECT_EQ(client.sent(), (Sent{"1 say: hello", "2 leave quit"}));
}

Test(conversation, who_has_left_and_lost_only_the_news_of_it_ends_in_silence) {
    for (const auto& [typed, end] :
         {std::pair("/quit\n", WorkerExit::Goodbye), std::pair("", WorkerExit::Lost)}) {
        Client client(Stage::Talking);
        client.types(typed);
        if (end == WorkerExit::Lost) client.conversation.client_lost();
        client.conversation.link_closed();
        client.conversation.link_opened();
        client.broker(Denied{Refusal::Removed});
        EXPECT_EQ(client.screen(), "");
        EXPECT_EQ(client.end(), end);
    }
}

Test(conversation, whom_a_new_broker_does_not_know_is_told_that_something_went_wrong) {
    Client client(Stage::Talking);
    client.conversation.link_closed();
    client.conversation.link_opened();
    client.broker(Denied{Refusal::Removed});
    EXPECT_EQ(client.screen(), "Something went wrong on the server. Please come in again.\n");
    EXPECT_EQ(client.end(), WorkerExit::Failed);
}

Test(conversation, a_request_that_a_broker_died_of_is_not_sent_again) {
    Client client(Stage::Talking);
    client.types("boom\nafter\n");
    client.relinks();
    client.welcome(1);
    EXPECT_EQ(client.sent(), Sent{"2 say: after"});
    client.is_refused(1, Refusal::Poison);
    EXPECT_EQ(client.screen(), "The server stumbled over that and did not do it.\n");
    EXPECT_EQ(client.sent(), kNothing);
}

Test(conversation, who_leaves_ends_even_if_a_broker_died_of_it) {
    Client client(Stage::Talking);
    client.types("/quit\n");
    client.relinks();
    client.welcome(1);
    client.is_refused(1, Refusal::Poison);
    // Either it is over now, or it asks once more.
    EXPECT_TRUE(client.end().has_value() || client.sent() == Sent{"2 leave quit"});
}

Test(conversation, a_refusal_of_another_request_does_not_end_who_is_leaving) {
    Client client(Stage::Talking);
    client.types("/nick bob\n/quit\n");
    client.is_refused(1, Refusal::NameTaken, "bob");
    EXPECT_FALSE(client.end().has_value());
    client.leaves_the_log(2, LeaveReason::Quit);
    EXPECT_EQ(client.screen(), "The name bob is taken, or looks like one that is.\nGoodbye.\n");
    EXPECT_EQ(client.end(), WorkerExit::Goodbye);
}

Test(conversation, a_refusal_names_what_was_refused_also_after_a_broken_link) {
    Client client(Stage::Talking);
    client.types("/nick bob\n/msg dan hello\n");
    client.conversation.link_closed();
    client.conversation.link_opened();
    client.welcome(2);  // both are in the log, which follows
    client.is_refused(1, Refusal::NameTaken, "bob");
    client.is_refused(2, Refusal::NobodyThere, "dan");
    EXPECT_EQ(client.screen(),
              "The name bob is taken, or looks like one that is.\nNobody here is called dan.\n");
}

// --- Overtaken by the log ---

Test(conversation, who_is_overtaken_learns_how_much_was_missed) {
    Client client(Stage::Talking);
    client.broker(Gap{37, 0});
    EXPECT_EQ(client.screen(), "… 37 messages skipped\n");
    client.broker(Gap{1, 0});
    EXPECT_EQ(client.screen(), "… 1 message skipped\n");
    client.broker(Gap{0, 0});
    EXPECT_EQ(client.screen(), "");
    client.happens(EntryKind::Say, kBob, "bob", "hello");
    EXPECT_EQ(client.screen(), "bob says: hello\n");
}

Test(conversation, a_gap_acknowledges_what_was_lost_in_it) {
    Client client(Stage::Talking);
    client.types("one\ntwo\nthree\n");
    client.broker(Gap{1, 2});
    client.relinks();
    client.welcome(0);
    EXPECT_EQ(client.sent(), Sent{"3 say: three"});
}

Test(conversation, a_gap_tells_a_name_that_changed_unseen) {
    Client client(Stage::Talking);
    client.types("/nick alicia\n");
    client.broker(Gap{1, 1}, "alicia");
    EXPECT_EQ(client.conversation.name(), "alicia");
    client.broker(Gap{1, 1});
    EXPECT_EQ(client.conversation.name(), "alicia");
}

Test(conversation, a_refusal_names_what_was_refused_also_after_a_gap) {
    Client client(Stage::Talking);
    client.types("/nick bob\n");
    client.broker(Gap{37, 1}, "alice");
    (void)client.screen();
    client.is_refused(1, Refusal::NameTaken, "bob");
    EXPECT_EQ(client.screen(), "The name bob is taken, or looks like one that is.\n");
}

Test(conversation, whose_own_leaving_was_lost_in_a_gap_ends) {
    Client client(Stage::Talking);
    client.types("hello\n/quit\n");
    client.broker(Gap{37, 1});  // it has not read of the Leave yet
    EXPECT_FALSE(client.end().has_value());
    client.broker(Gap{37, UINT64_MAX});
    EXPECT_EQ(client.end(), WorkerExit::Goodbye);
}

// --- The operator and the server ---

Test(conversation, the_operator_may_remove_who_is_at_the_prompt) {
    Client client;
    (void)client.screen();
    client.conversation.operator_removes();
    EXPECT_EQ(client.screen(), "\nThe operator has closed your connection. Goodbye.\n");
    EXPECT_EQ(client.end(), WorkerExit::Removed);
}

Test(conversation, the_operator_may_remove_who_is_entering) {
    Client client(Stage::Entering);
    client.conversation.operator_removes();
    EXPECT_EQ(client.screen(), "The operator has closed your connection. Goodbye.\n");
    EXPECT_EQ(client.end(), WorkerExit::Removed);
}

Test(conversation, the_operator_may_remove_who_is_talking) {
    Client client(Stage::Talking);
    client.conversation.operator_removes();
    EXPECT_EQ(client.screen(), "The operator has closed your connection. Goodbye.\n");
    EXPECT_EQ(client.sent(), Sent{"1 leave removed"});
    EXPECT_FALSE(client.end().has_value());
    client.leaves_the_log(1, LeaveReason::Removed);
    EXPECT_EQ(client.screen(), "");
    EXPECT_EQ(client.end(), WorkerExit::Removed);
}

Test(conversation, whom_the_operator_removes_says_no_more) {
    Client client(Stage::Talking);
    client.types("/who\nhello\n");
    (void)client.sent();
    client.conversation.operator_removes();
    EXPECT_EQ(client.sent(), Sent{"1 leave removed"});
    client.broker(Done{});
    client.types("hello again\n");
    client.conversation.client_finished();
    EXPECT_EQ(client.sent(), kNothing);
}

Test(conversation, the_operator_need_not_wait_for_a_broker) {
    Client client(Stage::Talking);
    client.conversation.link_closed();
    client.conversation.operator_removes();
    EXPECT_FALSE(client.end().has_value());
    client.conversation.operator_removes();
    EXPECT_EQ(client.end(), WorkerExit::Removed);
}

Test(conversation, the_operator_may_remove_who_is_leaving) {
    Client client(Stage::Talking);
    client.types("/quit\n");
    client.conversation.operator_removes();
    EXPECT_EQ(client.screen(), "The operator has closed your connection. Goodbye.\n");
    EXPECT_EQ(client.end(), WorkerExit::Removed);
}

Test(conversation, a_server_that_closes_tells_those_who_are_not_in_the_room) {
    Client naming;
    (void)naming.screen();
    naming.conversation.server_closes();
    EXPECT_EQ(naming.screen(), "\nThe server is shutting down. Goodbye.\n");
    EXPECT_EQ(naming.end(), WorkerExit::Closed);

    Client entering(Stage::Entering);
    entering.conversation.server_closes();
    EXPECT_EQ(entering.screen(), "The server is shutting down. Goodbye.\n");
    EXPECT_EQ(entering.end(), WorkerExit::Closed);
}

Test(conversation, a_server_that_closes_tells_the_room_through_the_log) {
    Client client(Stage::Talking);
    client.conversation.server_closes();
    EXPECT_EQ(client.screen(), "");
    client.happens(EntryKind::Say, kBob, "bob", "what was that?");
    client.happens(EntryKind::Closing, 0, {});
    EXPECT_EQ(client.screen(), "bob says: what was that?\nThe server is shutting down. Goodbye.\n");
    EXPECT_EQ(client.end(), WorkerExit::Closed);
}

Test(conversation, a_server_that_closes_ends_who_is_leaving) {
    Client client(Stage::Talking);
    client.types("/quit\n");
    client.conversation.server_closes();
    EXPECT_FALSE(client.end().has_value());
    client.happens(EntryKind::Closing, 0, {});
    EXPECT_EQ(client.end(), WorkerExit::Closed);
}

// --- Frames ---

Test(conversation, a_frame_that_is_no_broker_s_is_refused) {
    Client client(Stage::Talking);
    EXPECT_FALSE(client.takes(Attach{}, "bob", "peer"));
    EXPECT_FALSE(client.takes(Post{1, EntryKind::Say, LeaveReason::Quit, {}}, {}, "hello"));
    EXPECT_FALSE(client.takes(chatd::AskWho{}));
    EXPECT_FALSE(client.takes(AskReplay{5}));
    EXPECT_FALSE(client.takes(Ended{}));
    EXPECT_FALSE(client.takes(CloseRoom{}));
    EXPECT_EQ(client.screen(), "");
    EXPECT_EQ(client.sent(), kNothing);
}

// All that is not acknowledged would go out once more each time, whether the broker reads it or
// not.
Test(conversation, a_second_welcome_over_one_link_is_refused) {
    Client client(Stage::Talking);
    client.types("one\ntwo\n");
    EXPECT_EQ(client.sent().size(), 2);
    EXPECT_FALSE(client.takes(Welcome{kMe, 0, 100, kNow, 1, 0}, {}, "alice"));
    EXPECT_EQ(client.sent(), kNothing);
    client.relinks();
    client.broker(Welcome{kMe, 0, 100, kNow, 1, 0}, {}, "alice");
    EXPECT_EQ(client.sent().size(), 2);
}

// It goes back in the Attach of the next link, or as the name of whom /r answers: a name longer
// than a frame can hold would end the worker there.
Test(conversation, a_new_name_too_long_for_one_is_refused) {
    const std::string longest(chatd::kNameBytesMax, 'x');
    for (const std::uint64_t who : {kMe, kBob}) {
        Client client(Stage::Talking);
        client.told(kBob, "bob", "psst");
        EXPECT_FALSE(client.takes(client.entry(EntryKind::Rename, who), "bob", longest + 'x'));
        client.happens(EntryKind::Rename, who, "bob", longest);
        client.types("/r yes\n");
        EXPECT_EQ(client.sent().size(), 1);
        client.relinks();
    }
}

Test(conversation, an_entry_of_a_kind_nobody_knows_shows_nothing) {
    Client client(Stage::Talking);
    client.happens(static_cast<EntryKind>(200), kBob, "bob", "hello");
    EXPECT_EQ(client.screen(), "");
    EXPECT_FALSE(client.end().has_value());
}

// --- Bounds ---

Test(conversation, while_nobody_can_take_its_lines_a_client_is_read_up_to_a_bound) {
    Client client(Stage::Entering);
    const std::string piece = lines(1, std::string(1000, 'x'));
    std::size_t bytes = 0;
    while (client.conversation.wants_input() && bytes < 10 * kInputBytesMax) {
        client.types(piece);
        bytes += piece.size();
    }
    EXPECT_GE(bytes, kInputBytesMax);
    EXPECT_LT(bytes, kInputBytesMax + piece.size());
    client.welcome();
    EXPECT_TRUE(client.conversation.wants_input());
    EXPECT_EQ(client.sent().size(), bytes / piece.size());
}

Test(conversation, a_line_without_end_never_stops_the_reading) {
    Client client(Stage::Talking);
    for (int count = 0; count < 100; ++count) {
        client.types(std::string(1000, 'x'));
        EXPECT_TRUE(client.conversation.wants_input());
    }
}

Test(conversation, what_the_log_does_not_have_yet_is_kept_up_to_a_bound) {
    Client client(Stage::Talking);
    const std::string piece = lines(4, std::string(4000, 'x'));
    std::size_t typed = 0;
    while (client.conversation.wants_input() && typed < 100) {
        client.types(piece);
        typed += 4;
    }
    EXPECT_LT(typed, 100);
    EXPECT_LT(client.conversation.frames().size(), kUnackedBytesMax + 4100);
    const std::size_t sent = client.sent().size();
    EXPECT_LT(sent, typed);

    for (std::size_t counter = 1; counter <= sent; ++counter) {
        client.comes_back(EntryKind::Say, counter, "x");
    }
    EXPECT_EQ(client.sent().size(), typed - sent);
    EXPECT_TRUE(client.conversation.wants_input());
}

Test(conversation, what_is_kept_is_all_sent_again_and_the_rest_follows_its_acknowledgement) {
    Client client(Stage::Talking);
    client.types(lines(24, std::string(4000, 'x')));
    const std::size_t kept = client.sent().size();
    client.relinks();
    client.welcome(0);
    EXPECT_EQ(client.sent().size(), kept);
    client.relinks();
    client.welcome(kept);
    EXPECT_EQ(client.sent().size(), 24 - kept);
}

Test(conversation, who_does_not_read_the_answers_is_not_read_either) {
    Client client(Stage::Talking);
    expect_bounded_screen(client, "/help\n");
    expect_bounded_screen(client, "/zzz\n");
}

Test(conversation, who_does_not_read_the_answers_at_the_prompt_is_not_read_either) {
    Client client;
    expect_bounded_screen(client, "/lang en\n");
    expect_bounded_screen(client, "\xFF\xFD\x06");
}

// --- A broker that dies, or says nothing ---

// A broker was killed while it showed a newcomer the past; the next one begins anew.
Test(conversation, the_past_that_a_newcomer_is_shown_is_whole_and_comes_once_whatever_links_break) {
    Client client(Stage::Entering);
    client.broker(Welcome{kMe, 0, 100, kNow, 1, 0}, {}, "alice");
    (void)client.screen();
    const std::string past[] = {"one", "two", "three"};
    for (std::size_t shown = 1; shown < 3; ++shown) {
        for (std::size_t i = 0; i < shown; ++i) client.past("bob", past[i]);
        client.past_begins_anew();
        client.conversation.link_closed();
        client.conversation.link_opened();
        EXPECT_EQ(client.sent(), Sent{"attach alice session 40 has 40, newcomer"});
        client.broker(Welcome{kMe, 0, 100, kNow, 1, 0}, {}, "alice");
    }
    for (const std::string& line : past) client.past("bob", line);
    client.broker(Done{});
    EXPECT_EQ(client.screen(),
              "[14:02] bob says: one\n[14:02] bob says: two\n[14:02] bob says: three\n");
    client.conversation.link_closed();
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(), Sent{"attach alice session 40 has 40"});
}

Test(conversation, an_answer_that_was_cut_off_is_shown_once_and_whole) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("/who\n"), Sent{"who []"});
    client.broker(People{kNow, 2, 2});
    client.broker(Person{kNow, 0, 11, 0}, "alice", "peer");
    client.conversation.link_closed();
    client.conversation.link_opened();
    EXPECT_EQ(client.screen(), "");
    (void)client.sent();
    client.welcome();
    EXPECT_EQ(client.sent(), Sent{"who []"});
    client.broker(People{kNow, 1, 1});
    client.broker(Person{kNow, 0, 11, 0}, "alice", "peer");
    client.broker(Done{});
    EXPECT_EQ(client.screen(),
              "You are the only one here:\n  alice  pid 11, since 14:02, idle 0 s, from peer\n");
}

Test(conversation, who_waits_for_a_silent_broker_is_told_once_and_again_when_it_is_back) {
    Client client(Stage::Talking);
    client.types("hello\n");
    client.conversation.broker_is_silent();
    client.conversation.broker_is_silent();
    EXPECT_EQ(client.screen(),
              "… the room is recovering, please wait; what you said is not lost\n");
    client.happens(EntryKind::Say, kBob, "bob", "hi");
    EXPECT_EQ(client.screen(), "… the room is back\nbob says: hi\n");
    client.happens(EntryKind::Say, kBob, "bob", "again");
    EXPECT_EQ(client.screen(), "bob says: again\n");
    client.conversation.broker_is_silent();
    EXPECT_EQ(client.screen(),
              "… the room is recovering, please wait; what you said is not lost\n");
}

Test(conversation, a_broker_owes_nothing_to_who_has_asked_for_nothing) {
    Client client;
    EXPECT_FALSE(client.conversation.waits_for_broker());  // no name yet
    client.types("alice\n");
    EXPECT_TRUE(client.conversation.waits_for_broker());
    client.conversation.link_opened();
    client.broker(Welcome{kMe, 0, 100, kNow, 1, 0}, {}, "alice");
    EXPECT_TRUE(client.conversation.waits_for_broker());  // for the past
    client.broker(Done{});
    EXPECT_FALSE(client.conversation.waits_for_broker());
}

Test(conversation, a_broker_owes_an_answer_and_an_acknowledgement_and_a_new_link_a_welcome) {
    Client client(Stage::Talking);
    EXPECT_FALSE(client.conversation.waits_for_broker());
    client.types("/who\n");
    EXPECT_TRUE(client.conversation.waits_for_broker());
    client.broker(People{kNow, 1, 1});
    client.broker(Done{});
    EXPECT_FALSE(client.conversation.waits_for_broker());
    client.types("hello\n");
    EXPECT_TRUE(client.conversation.waits_for_broker());
    client.comes_back(EntryKind::Say, 1, "hello");
    EXPECT_FALSE(client.conversation.waits_for_broker());
    client.conversation.link_closed();
    EXPECT_TRUE(client.conversation.waits_for_broker());
}

Test(conversation, the_version_of_the_broker_is_known_from_its_welcome) {
    Client client(Stage::Entering);
    EXPECT_EQ(client.conversation.broker_version(), "");
    client.broker(Welcome{kMe, 0, 100, kNow, 1, 0}, "0.2.0", "alice");
    EXPECT_EQ(client.conversation.broker_version(), "0.2.0");
}

// --- Promises for everything that may happen ---

Test(conversation, whatever_is_typed_and_however_links_break_every_story_ends) {
    play_stories(4000, false);
}

Test(conversation, every_story_ends_even_if_brokers_die_of_requests_and_the_log_overtakes) {
    play_stories(4000, true);
}

Test(conversation, whatever_links_break_each_line_is_said_once_and_in_order) {
    Random random(20250103);
    for (int story = 0; story < 100; ++story) {
        Conversation conversation({Language::English, utc, 77, "peer"});
        FakeBroker broker(conversation);
        conversation.client_sent("alice\n");
        Sent typed;
        while (typed.size() < 100 || broker.said().size() < typed.size()) {
            if (!broker.linked()) broker.open_link();
            if (typed.size() < 100) {
                typed.push_back("line " + std::to_string(typed.size()));
                conversation.client_sent(typed.back() + "\n");
            }
            broker.receive();
            if (random.one_in(2)) broker.read(false);
            for (std::size_t frames = random.below(5); frames > 0; --frames) {
                (void)broker.deliver();
            }
            broker.receive();
            if (typed.size() < 100 && random.one_in(5)) broker.break_link();
        }
        EXPECT_EQ(broker.said(), typed);
    }
}

// What no broker of ours would do: it must not matter more than that.
Test(conversation, no_bytes_and_no_frames_whenever_they_come_crash_it) {
    Random random(20250104);
    const auto name = [&] { return random.one_in(2) ? "alice" : "bob"; };
    for (int story = 0; story < 2000; ++story) {
        Client client;
        for (int step = 0; step < 100; ++step) {
            Entry entry = client.entry(static_cast<EntryKind>(random.below(12)), kEve);
            entry.seq = random.below(100);
            entry.from = random.one_in(2) ? kMe : kBob * random.below(2);
            entry.to = random.one_in(2) ? kMe : 0;
            entry.counter = random.below(10);
            entry.reason = static_cast<std::uint8_t>(random.below(256));
            entry.detail = static_cast<std::uint8_t>(random.below(256));
            std::string bytes(random.below(6), '\0');
            for (char& byte : bytes) byte = static_cast<char>(random.below(256));
            switch (random.below(20)) {
                case 0: client.conversation.link_opened(); break;
                case 1: client.conversation.link_closed(); break;
                case 2: (void)client.takes(Welcome{kMe, random.below(10), 0, kNow, 1, 0}); break;
                case 3: client.broker(Denied{static_cast<Refusal>(random.below(8))}); break;
                case 4: client.broker(Gap{random.below(3), random.below(10)}, name()); break;
                case 5: client.broker(People{kNow, 3, 2}, name()); break;
                case 6: client.broker(Person{kNow, 0, 11, 0}, name(), "peer"); break;
                case 7: client.broker(Replay{kNow, 0, 0}); break;
                case 8: client.broker(Done{}); break;
                case 9: (void)client.takes(AskReplay{}); break;
                case 10:
                case 11:
                case 12: client.broker(entry, name(), name()); break;
                case 13: client.types(bytes); break;
                case 14:
                    if (random.one_in(20)) client.conversation.client_lost();
                    break;
                case 15:
                    if (random.one_in(20)) client.conversation.client_finished();
                    break;
                case 16:
                    if (random.one_in(20)) client.conversation.operator_removes();
                    break;
                case 17:
                    if (random.one_in(20)) client.conversation.server_closes();
                    break;
                default: client.types(kTyped[random.below(std::size(kTyped))]);
            }
            (void)client.screen();
            for_each_frame(std::exchange(client.conversation.frames(), {}), [](const Frame& f) {
                if (is_clean_text(f.text)) return;
                cr_expect(false, "not clean: %s", escaped(described(f)).c_str());
            });
        }
    }
}

// --- Crowds ---

Test(conversation, a_crowd_is_shown_as_one_line) {
    Client client(Stage::Talking);
    client.broker(Crowd{client.last_seq() + 9, kNow, 9, 0, LeaveReason::Quit, 0, {}}, {},
                  "bob carol dave");
    EXPECT_EQ(client.screen(), "bob, carol, dave and 6 others entered the chat room\n");
}

Test(conversation, who_has_seen_a_crowd_does_not_ask_for_it_again) {
    Client client(Stage::Talking);
    client.broker(Crowd{70, kNow, 9, 0, LeaveReason::Quit, 0, {}}, {}, "bob carol dave");
    client.conversation.link_closed();
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(), Sent{"attach alice session 40 has 70"});
}

Test(conversation, r_answers_nobody_who_left_in_a_crowd) {
    Client client(Stage::Talking);
    client.told(kBob, "bob", "psst");
    client.broker(Crowd{70, kNow, 0, 2, LeaveReason::Quit, 0, {}}, {}, "carol bob");
    (void)client.screen();
    EXPECT_EQ(client.shown_for("/r hello\n"), "Nobody has told you anything yet.\n");
}

Test(conversation, r_answers_nobody_who_may_have_left_unnamed) {
    Client client(Stage::Talking);
    client.told(kBob, "bob", "psst");
    client.broker(Crowd{70, kNow, 0, 9, LeaveReason::Quit, 0, {}}, {}, "carol dave erin");
    (void)client.screen();
    EXPECT_EQ(client.shown_for("/r hello\n"), "Nobody has told you anything yet.\n");
}

Test(conversation, r_still_answers_who_stays_when_others_leave_together) {
    Client client(Stage::Talking);
    client.told(kBob, "bob", "psst");
    client.broker(Crowd{70, kNow, 9, 2, LeaveReason::Quit, 0, {}}, {}, "x y z carol bobby");
    (void)client.screen();
    EXPECT_EQ(client.sent_for("/r hello\n"), Sent{"1 tell bob: hello"});
}

// --- Too fast ------------------------------------------------------------------------------------

constexpr Limits kTwoAtOnce{{10, 2}, 0s, 0s};
constexpr std::string_view kTooFast =
    "You are faster than the room: from here on 10 of your lines go out each second.\n";

Test(conversation, who_is_too_fast_is_told_once_and_goes_on_in_even_steps) {
    Client client(Stage::Talking, Language::English, kTwoAtOnce);
    client.types("a\nb\nc\nd\n");
    EXPECT_EQ(client.sent(), (Sent{"1 say: a", "2 say: b"}));
    EXPECT_EQ(client.screen(), kTooFast);
    EXPECT_TRUE(client.conversation.wake_at() == kBegin + 100ms);

    client.conversation.time_is(kBegin + 100ms);
    EXPECT_EQ(client.sent(), Sent{"3 say: c"});
    client.conversation.time_is(kBegin + 199ms);
    EXPECT_EQ(client.sent(), kNothing);
    client.conversation.time_is(kBegin + 200ms);
    EXPECT_EQ(client.sent(), Sent{"4 say: d"});
    EXPECT_EQ(client.screen(), "");
    EXPECT_FALSE(client.conversation.wake_at().has_value());
}

Test(conversation, who_was_too_fast_is_told_again_after_a_rest) {
    Client client(Stage::Talking, Language::English, kTwoAtOnce);
    client.types("a\nb\nc\n");
    EXPECT_EQ(client.screen(), kTooFast);
    client.conversation.time_is(kBegin + 10s);
    client.types("d\ne\nf\n");
    EXPECT_EQ(client.screen(), kTooFast);
}

Test(conversation, what_came_too_fast_is_said_though_its_sender_sends_no_more) {
    Client client(Stage::Talking, Language::English, kTwoAtOnce);
    client.types("a\nb\nc\nlast words");
    client.conversation.client_finished();
    EXPECT_EQ(client.sent(), (Sent{"1 say: a", "2 say: b"}));
    client.conversation.time_is(kBegin + 100ms);
    EXPECT_EQ(client.sent(), Sent{"3 say: c"});
    client.conversation.time_is(kBegin + 200ms);
    EXPECT_EQ(client.sent(), (Sent{"4 say: last words", "5 leave quit"}));
}

Test(conversation, commands_count_as_lines) {
    Client client(Stage::Talking, Language::English, kTwoAtOnce);
    client.types("/help\n/help\n/quit\n");
    EXPECT_EQ(client.sent(), kNothing);
    client.conversation.time_is(kBegin + 100ms);
    EXPECT_EQ(client.sent(), Sent{"1 leave quit"});
}

Test(conversation, who_is_too_fast_wakes_nobody_while_something_else_is_waited_for) {
    Client client(Stage::Talking, Language::English, kTwoAtOnce);
    client.types("a\n/who\nb\nc\n");
    EXPECT_EQ(client.sent(), (Sent{"1 say: a", "who []"}));
    EXPECT_FALSE(client.conversation.wake_at().has_value());
}

// --- Too slow ------------------------------------------------------------------------------------

constexpr Limits kPatience{{}, 30s, 600s};

Test(conversation, who_tells_no_name_in_time_is_seen_off) {
    Client client(Stage::Naming, Language::English, kPatience);
    EXPECT_EQ(client.screen(), kPrompt);
    EXPECT_TRUE(client.conversation.wake_at() == kBegin + 30s);
    client.conversation.time_is(kBegin + 30s - 1ms);
    EXPECT_FALSE(client.end().has_value());
    client.conversation.time_is(kBegin + 30s);
    EXPECT_EQ(client.screen(), "\nNo name within 30 seconds. Goodbye.\n");
    EXPECT_TRUE(client.end() == WorkerExit::Late);
    EXPECT_FALSE(client.conversation.wake_at().has_value());
}

Test(conversation, a_byte_now_and_then_is_no_name) {
    Client client(Stage::Naming, Language::English, kPatience);
    for (auto at = kBegin; at < kBegin + 30s; at += 1s) {
        client.conversation.time_is(at);
        client.types("a");
    }
    client.conversation.time_is(kBegin + 30s);
    EXPECT_TRUE(client.end() == WorkerExit::Late);
}

Test(conversation, nobody_is_seen_off_for_a_room_that_does_not_answer) {
    Client client(Stage::Entering, Language::English, kPatience);
    EXPECT_FALSE(client.conversation.wake_at().has_value());
    client.conversation.time_is(kBegin + 1h);
    EXPECT_FALSE(client.end().has_value());
}

Test(conversation, who_is_silent_for_too_long_leaves) {
    Client client(Stage::Talking, Language::English, kPatience);
    client.conversation.time_is(kBegin + 500s);
    client.types("hello\n");
    EXPECT_EQ(client.sent(), Sent{"1 say: hello"});
    EXPECT_TRUE(client.conversation.wake_at() == kBegin + 1100s);
    client.conversation.time_is(kBegin + 1100s);
    EXPECT_EQ(client.screen(), "You have said nothing for 600 seconds. Goodbye.\n");
    EXPECT_EQ(client.sent(), Sent{"2 leave silent"});
    client.comes_back(EntryKind::Say, 1, "hello");
    client.leaves_the_log(2, LeaveReason::Idle);
    EXPECT_TRUE(client.end() == WorkerExit::Idle);
}

// It could hold its place for ever.
Test(conversation, half_a_line_that_stays_one_is_silence_too) {
    Client client(Stage::Talking, Language::English, kPatience);
    client.types("half a line");
    EXPECT_TRUE(client.conversation.wake_at() == kBegin + 600s);
    client.conversation.time_is(kBegin + 600s);
    EXPECT_EQ(client.screen(), "You have said nothing for 600 seconds. Goodbye.\n");
    EXPECT_EQ(client.sent(), Sent{"1 leave silent"});
}

Test(conversation, who_is_silent_and_does_not_read_either_ends_at_once) {
    Client client(Stage::Talking, Language::English, kPatience);
    client.happens(EntryKind::Say, kBob, "bob", "are you there?");
    client.conversation.time_is(kBegin + 600s);
    EXPECT_TRUE(client.end() == WorkerExit::Idle);
}

// --- Who means something else --------------------------------------------------------------------

constexpr std::string_view kNot = " is not spoken here. Goodbye.\n";

Test(conversation, who_speaks_another_protocol_is_told_so_and_closed) {
    for (const auto& [knock, protocol] :
         {std::pair("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP"),
          std::pair("SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
          std::pair("PROXY TCP4 192.0.2.1 192.0.2.2 51234 8888\r\n", "PROXY"),
          std::pair("\x16\x03\x01\x02", "TLS")}) {
        Client client;
        (void)client.screen();
        client.types(knock);
        EXPECT_EQ(client.screen(), "\nThis is a chat room for plain text, as nc sends it; " +
                                       std::string(protocol) + std::string(kNot));
        EXPECT_TRUE(client.end() == WorkerExit::Refused);
        EXPECT_EQ(client.sent(), kNothing);
    }
}

Test(conversation, a_proxy_that_speaks_binary_is_told_so_however_it_is_cut) {
    const std::string header("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C", 16);
    for (std::size_t at = 0; at <= header.size(); ++at) {
        Client client;
        client.types(header.substr(0, at));
        if (!client.end()) client.types(header.substr(at));
        EXPECT_TRUE(client.screen().ends_with("PROXY" + std::string(kNot)));
        EXPECT_TRUE(client.end() == WorkerExit::Refused);
        EXPECT_EQ(client.sent(), kNothing);
    }
}

Test(conversation, a_byte_order_mark_is_no_part_of_a_name) {
    Client client;
    client.types(
        "\xEF\xBB\xBF"
        "alice\n");
    client.conversation.link_opened();
    EXPECT_EQ(client.sent(), Sent{"attach alice session 0 has 0"});
}

Test(conversation, in_the_room_protocols_are_things_to_talk_about) {
    Client client(Stage::Talking);
    EXPECT_EQ(client.sent_for("GET / HTTP/1.1\n"), Sent{"1 say: GET / HTTP/1.1"});
}
