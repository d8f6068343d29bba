// Specification of promises for everything that may happen to a conversation, from its prompt to
// its end.
#include <criterion/criterion.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "support/conversation_broker.h"
#include "support/conversation_client.h"
#include "support/escape.h"
#include "support/expect.h"
#include "support/random.h"
#include "support/where.h"
#include "text/clean.h"

using chatd::AskReplay;
using chatd::Conversation;
using chatd::Denied;
using chatd::Done;
using chatd::Entry;
using chatd::EntryKind;
using chatd::Frame;
using chatd::Gap;
using chatd::is_clean_text;
using chatd::Language;
using chatd::People;
using chatd::Person;
using chatd::Refusal;
using chatd::Replay;
using chatd::test::Caller;
using chatd::test::ConversationBroker;
using chatd::test::described;
using chatd::test::escaped;
using chatd::test::for_each_frame;
using chatd::test::kBob;
using chatd::test::kEve;
using chatd::test::kMe;
using chatd::test::kNow;
using chatd::test::Random;
using chatd::test::Sent;
using chatd::test::utc;
using chatd::test::welcome_to;
using chatd::test::Where;
using Client = chatd::test::ConversationClient;
using Stage = Client::Stage;

namespace {

// Everything that has a meaning at the prompt or in the room, whole and in pieces.
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
            case 11: return broker_.bob(EntryKind::Say, "hello");
            case 12: return broker_.bob(EntryKind::Tell, "psst");
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

    // Does what a worker does in each of its turns.
    void settle() {
        check_screen();
        if (!broker_.linked() && conversation_.wants_link() && random_.one_in(2)) {
            broker_.open_link();
        }
        broker_.receive();
    }

    // The client is gone and nothing more goes wrong: the conversation must be over soon.
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
    Conversation conversation_{{.language = Language::English,
                                .utc_offset = utc,
                                .birth_ns = 77,
                                .peer = "192.0.2.7:51234"}};
    ConversationBroker broker_{conversation_};
};

void play_stories(std::uint32_t seeds, bool with_disasters, Where where = Where::here()) {
    const Caller caller(where);
    int failures = 0;
    for (std::uint32_t seed = 1; seed <= seeds && failures < 5; ++seed) {
        try {
            Story(seed, with_disasters).play();
        } catch (const std::exception& error) {
            ++failures;
            cr_expect(false, "story %u: %s%s", seed, error.what(), Caller::all().c_str());
        }
    }
}

}  // namespace

TestSuite(stories, .timeout = 20);

Test(stories, whatever_is_typed_and_however_links_break_every_story_ends) {
    play_stories(4000, false);
}

Test(stories, every_story_ends_even_if_brokers_die_of_requests_and_the_log_overtakes) {
    play_stories(4000, true);
}

Test(stories, whatever_links_break_each_line_is_said_once_and_in_order) {
    Random random(20250103);
    for (int story = 0; story < 100; ++story) {
        Conversation conversation(
            {.language = Language::English, .utc_offset = utc, .birth_ns = 77, .peer = "peer"});
        ConversationBroker broker(conversation);
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

// No broker of ours would send this. It may end the conversation, but must not crash it.
Test(stories, no_bytes_and_no_frames_crash_a_conversation_whenever_they_come) {
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
                case 2: (void)client.takes(welcome_to(1, random.below(10))); break;
                case 3: client.broker(Denied{static_cast<Refusal>(random.below(8))}); break;
                case 4:
                    client.broker(Gap{.messages = random.below(3), .acked = random.below(10)},
                                  name());
                    break;
                case 5:
                    client.broker(People{.now_ms = kNow, .members = 3, .matching = 2}, name());
                    break;
                case 6:
                    client.broker(Person{.since_ms = kNow, .idle_ms = 0, .pid = 11}, name(),
                                  "peer");
                    break;
                case 7: client.broker(Replay{.now_ms = kNow, .messages = 0}); break;
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
