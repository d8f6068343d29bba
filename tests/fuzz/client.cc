// Fuzz target: what a client sends, and what else may happen to its worker.
//
// The input is the client's bytes after one byte of settings; a byte 1 and a letter stand for
// something else that happens.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bounds.h"
#include "fuzz/claim.h"
#include "fuzz/claimed_broker.h"
#include "fuzz/honest_worker.h"
#include "fuzz/script.h"
#include "fuzz/targets.h"
#include "worker/conversation.h"

namespace chatd::fuzz {
namespace {

using namespace std::chrono_literals;

constexpr char kMark = '\x01';

constexpr std::uint32_t kMembersMax = 4;
constexpr std::int32_t kPid = 100;
constexpr std::int32_t kFirstVoice = 200;

std::int64_t utc(std::int64_t /*time_s*/) {
    return 0;
}

Conversation::Settings settings_of(std::uint8_t choice) {
    constexpr Rate kRates[] = {{0, 1}, {kLinesPerSecond, kLinesAtOnce}, {1, 1}, {kRateLimit, 1}};
    Limits limits;
    limits.rate = kRates[choice % 4];
    limits.to_name = (choice & 4) != 0 ? 30s : 0s;
    limits.idle = (choice & 8) != 0 ? 60s : 0s;
    const Language language = (choice & 16) != 0 ? Language::Chinese : Language::English;
    return {language, utc, 77, "192.0.2.7:51234", limits};
}

// Another member of the room, without a worker: it does what the script says.
class Voice {
  public:
    Voice(ClaimedBroker& broker, std::int32_t pid) : broker_(broker) { link_.pid = pid; }

    void comes(std::string_view name) {
        if (link_.session != 0) return;
        std::string frames;
        append_frame(frames, Attach{.birth_ns = link_.birth_ns, .newcomer = 1, .crowds = 1}, name,
                     "192.0.2.8:1");
        CLAIM(broker_.receive(link_, frames));
        (void)broker_.deliver(link_);
        counter_ = 0;
    }

    void posts(EntryKind kind, std::string_view name, std::string_view text) {
        if (link_.session == 0) return;
        std::string frames;
        append_frame(frames, Post{.counter = ++counter_, .kind = kind}, name, text);
        CLAIM(broker_.receive(link_, frames));
    }

    void goes(LeaveReason reason) {
        broker_.end_process(link_, reason);
        forgets_link();
    }

    // A real worker would come back at once; this one does not.
    void forgets_link() {
        const std::int32_t pid = link_.pid;
        link_ = {};
        link_.pid = pid;
    }

  private:
    ClaimedBroker& broker_;
    ClaimedBroker::Link link_;
    std::uint64_t counter_ = 0;
};

class Scene {
  public:
    explicit Scene(std::uint8_t choice) : worker_(broker_, kPid, settings_of(choice)) {}

    void play(std::string_view script) {
        while (!script.empty()) {
            const std::size_t mark = script.find(kMark);
            worker_.client_sends(script.substr(0, mark));
            if (mark == std::string_view::npos || mark + 1 == script.size()) break;
            happens(script[mark + 1]);
            script.remove_prefix(mark + 2);
        }
        if (closing_) broker_.close_room();
        worker_.claim_end();
    }

  private:
    void happens(char what) {
        switch (what) {
            case kMark: return worker_.client_sends({&kMark, 1});
            // The client and time
            case 'f': return worker_.client_finishes();
            case 'l': return worker_.client_is_lost();
            case 's': return worker_.client_reads();
            case 't': return pass(50ms);
            case 'T': return pass(61s);
            // The link
            case 'b': return worker_.exchange();
            case 'c': return worker_.break_link();
            case 'h': return worker_.send_and_break(30);
            case 'k': return worker_.send_and_break(SIZE_MAX);
            case 'i': return worker_.exchange_and_break(0);
            case 'j': return worker_.exchange_and_break(100);
            case 'J': return worker_.exchange_and_break(300);
            case 'r': return restart();
            // The server
            case 'x': return worker_.is_removed();
            case 'q': return close();
            case 'z': return worker_.broker_is_silent();
            case 'm': return worker_.gives_back_memory();
            default: return somebody(what);
        }
    }

    void somebody(char does_what) {
        switch (does_what) {
            case 'B': return bob_.comes("bob");
            case 'A': return bob_.comes("alice");
            case 'C': return carol_.comes("carol");
            case 'D': return dave_.comes("dave");
            case 'E': return eve_.comes("\xE5\xB0\x8F\xE6\x98\x8E");
            case 'y': return bob_.posts(EntryKind::Say, {}, "hello");
            case 'e': return bob_.posts(EntryKind::Emote, {}, "waves");
            case 'p': return bob_.posts(EntryKind::Tell, "alice", "psst");
            case 'n': return bob_.posts(EntryKind::Rename, "robert", {});
            case 'N': return bob_.posts(EntryKind::Rename, "bob", {});
            case 'g': return bob_.goes(LeaveReason::Killed);
            case 'w': return bob_leaves();
            case 'G': return everybody_goes();
            case 'F': return flood();
            // The parent reports the end of a worker that lives.
            case 'X': return expel();
            default: return;
        }
    }

    void pass(std::chrono::milliseconds time) {
        broker_.pass(time.count());
        worker_.pass(time);
    }

    void restart() {
        broker_.restart();
        worker_.break_link();
        for (Voice* const voice : {&bob_, &carol_, &dave_, &eve_}) voice->goes(LeaveReason::Lost);
    }

    void close() {
        closing_ = true;
        broker_.close_room();
        worker_.server_closes();
    }

    void bob_leaves() {
        bob_.posts(EntryKind::Leave, {}, "so long");
        bob_.goes(LeaveReason::Quit);  // A process that has left does not join again.
    }

    void everybody_goes() {
        for (Voice* const voice : {&bob_, &carol_, &dave_, &eve_}) voice->goes(LeaveReason::Quit);
    }

    // Says more than the log holds.
    void flood() {
        bob_.comes("bob");
        const std::string text(kTextBytesMax, 'x');
        for (std::size_t said = 0; said < kHistoryBytesMin; said += text.size()) {
            bob_.posts(EntryKind::Say, {}, text);
        }
    }

    void expel() {
        ClaimedBroker::Link link;
        link.pid = kPid;
        broker_.end_process(link, LeaveReason::Failed);
    }

    ClaimedBroker broker_{kMembersMax};
    HonestWorker worker_;
    Voice bob_{broker_, kFirstVoice};
    Voice carol_{broker_, kFirstVoice + 1};
    Voice dave_{broker_, kFirstVoice + 2};
    Voice eve_{broker_, kFirstVoice + 3};
    bool closing_ = false;
};

}  // namespace

void fuzz_client(std::string_view input) {
    Script script(input);
    Scene scene(script.byte());
    scene.play(script.rest());
}

}  // namespace chatd::fuzz
