// Fuzz target: frames of somebody who does not keep to the rules. Either workers that were taken
// over, to the room; or a broker, to a conversation.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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

std::int64_t utc(std::int64_t /*time_s*/) {
    return 0;
}

Conversation::Settings settings(const Limits& limits = {}) {
    return {Language::English, utc, 77, "192.0.2.7:51234", limits};
}

// A header that may say anything, and what follows it.
std::string forged_frame(Script& script) {
    auto header = script.value<FrameHeader>();
    const std::uint8_t honesty = script.byte();
    const std::string rest = script.repeated(kFrameBytesMax);
    if ((honesty & 1) == 0) header.bytes = static_cast<std::uint32_t>(sizeof header + rest.size());
    if ((honesty & 2) == 0) header.version = kFrameVersion;
    if ((honesty & 4) == 0) header.pad_bytes = 0;
    std::string frame(reinterpret_cast<const char*>(&header), sizeof header);
    return frame + rest;
}

// A frame of this type with any values.
template <class Body>
std::string any_frame(Script& script, const Body& body, std::size_t name_bytes_max,
                      std::size_t text_bytes_max) {
    const std::string_view name = script.piece().substr(0, name_bytes_max);
    std::string frame;
    append_frame(frame, body, name,
                 text_bytes_max == 0 ? std::string() : script.repeated(text_bytes_max));
    return frame;
}

// --- To the room

constexpr std::uint32_t kMembersMax = 5;
constexpr std::int32_t kFirstPid = 200;
constexpr Rate kLines{kLinesPerSecond, kLinesAtOnce};
constexpr std::uint32_t kFlood = kLinesAtOnce + kRequestsSavedUp + 1;

// A worker that sends whatever the script says.
class Rogue {
  public:
    Rogue(ClaimedBroker& broker, std::int32_t pid) : broker_(broker), pid_(pid) { connect(); }

    void sends(std::string_view bytes) {
        unsent_.append(bytes);
        if (holds_back_) return;
        if (!broker_.receive(link_, std::exchange(unsent_, {}))) connect();
        note_counter();
    }

    // Part of what it has held back.
    void sends_part(std::size_t bytes) {
        holds_back_ = true;
        const std::string part = unsent_.substr(0, bytes);
        unsent_.erase(0, part.size());
        if (!broker_.receive(link_, part)) connect();
    }

    void holds_back(bool on) { holds_back_ = on; }

    void connect() {
        link_ = {};
        link_.pid = pid_;
    }

    // The next process that it is has its pid, or another one.
    void dies(LeaveReason reason, bool pid_comes_again) {
        broker_.end_process(link_, reason);
        if (!pid_comes_again) pid_ += 10;
        connect();
    }

    // Says more at once than any honest worker has saved up: that costs its link.
    void floods() {
        bool goes_on = true;
        for (std::uint32_t i = 0; goes_on && i < kFlood; ++i) {
            std::string frame;
            append_frame(frame,
                         Post{.counter = next_counter(), .kind = EntryKind::Say, .reason = {}}, {},
                         "x");
            goes_on = broker_.receive(link_, frame);
            note_counter();
        }
        CLAIM(!goes_on);
        connect();
    }

    void reads() { (void)broker_.deliver(link_); }

    [[nodiscard]] std::uint64_t next_counter() const { return counter_ + 1; }
    [[nodiscard]] std::uint64_t session() const { return link_.session; }

  private:
    void note_counter() {
        const Member* const member = broker_.room().members().by_session(link_.session);
        if (member != nullptr) counter_ = member->counter;
    }

    ClaimedBroker& broker_;
    std::int32_t pid_;
    ClaimedBroker::Link link_;
    std::string unsent_;
    bool holds_back_ = false;
    std::uint64_t counter_ = 0;
};

class Assault {
  public:
    Assault() {
        alice_.client_sends("alice\n");
        alice_.exchange();
        CLAIM(alice_.name() == "alice");
    }

    void play(Script& script) {
        while (!script.done()) step(script);
        alice_.exchange();
        // Whatever the others did, she is here, under her name.
        CLAIM(!alice_.end() && alice_.name() == "alice");
        const Member* const member = broker_.room().members().by_session(alice_.session());
        CLAIM(member != nullptr && member->name() == "alice");
        alice_.claim_end();
        CLAIM(alice_.end() == WorkerExit::Goodbye);
    }

  private:
    void step(Script& script) {
        const std::uint8_t choice = script.byte();
        Rogue& rogue = rogues_[choice / 16 % rogues_.size()];
        switch (choice % 16) {
            case 0: return rogue.sends(attach(script, rogue));
            case 1:
            case 2: return rogue.sends(post(script, rogue));
            case 3: return rogue.sends(any_frame(script, AskWho{}, kNameBytesMax, 0));
            case 4: return rogue.sends(any_frame(script, script.value<AskReplay>(), 0, 0));
            case 5: return rogue.sends(forged_frame(script));
            case 6: return rogue.sends(script.piece());
            case 7: return rogue.sends_part(script.byte());
            case 8: return holds_back_or_floods(rogue, script.byte());
            case 9: return dies(rogue, script.byte());
            case 10: return rogue.connect();
            case 11: return rogue.reads();
            case 12: return alice_.exchange();
            case 13: return alice_says(script.piece());
            case 14: return pass(script.byte());
            default: return restart();
        }
    }

    static void holds_back_or_floods(Rogue& rogue, std::uint8_t choice) {
        if (choice == UINT8_MAX) return rogue.floods();
        rogue.holds_back(choice % 2 != 0);
    }

    static void dies(Rogue& rogue, std::uint8_t choice) {
        rogue.dies(static_cast<LeaveReason>(choice % 7), choice >= 128);
    }

    // Alice never gives a command, so that she keeps her name and stays in the room.
    void alice_says(std::string_view text) {
        std::string line = "I say " + std::string(text);
        std::erase_if(line, [](char c) { return c == '\n' || c == '\r' || c == '\0'; });
        alice_.client_sends(line + '\n');
    }

    std::uint64_t some_session(Script& script, const Rogue& rogue) {
        switch (script.byte() % 5) {
            case 0: return 0;
            case 1: return rogue.session();
            case 2: return alice_.session();
            case 3: return rogues_[0].session();
            default: return script.value<std::uint64_t>();
        }
    }

    std::string attach(Script& script, const Rogue& rogue) {
        Attach attach{};
        attach.birth_ns = ClaimedBroker::Link().birth_ns + script.byte() % 2;
        attach.session = some_session(script, rogue);
        attach.last_seq = some_session(script, rogue);
        attach.messages = script.byte();
        attach.newcomer = script.byte() % 2;
        attach.crowds = script.byte() % 2;
        return any_frame(script, attach, kNameBytesMax, kPeerBytesMax);
    }

    // Most frames have the counter that the broker expects, so that it accepts some of them.
    static std::string post(Script& script, const Rogue& rogue) {
        auto post = script.value<Post>();
        const std::uint8_t jump = script.byte();
        if (jump < 0xF0) post.counter = rogue.next_counter();
        if (jump < 0x80) post.kind = static_cast<EntryKind>(static_cast<unsigned>(post.kind) % 8);
        return any_frame(script, post, kNameBytesMax, kTextBytesMax);
    }

    void pass(std::uint8_t seconds) {
        broker_.pass(std::int64_t{seconds} * 1000);
        alice_.pass(std::chrono::seconds(seconds));
    }

    void restart() {
        broker_.restart();
        alice_.break_link();
        alice_.exchange();
        for (Rogue& rogue : rogues_) rogue.connect();
    }

    ClaimedBroker broker_{kMembersMax, kLines};
    HonestWorker alice_{broker_, 100, settings({.rate = kLines})};
    std::array<Rogue, 3> rogues_ = {Rogue(broker_, kFirstPid), Rogue(broker_, kFirstPid + 1),
                                    Rogue(broker_, kFirstPid + 2)};
};

// --- To a conversation

// One step may leave at most these many bytes behind.
constexpr std::size_t kScreenMost = kScreenBytesMax + 3 * kReadBytes;
constexpr std::size_t kFramesMost = kUnackedBytesMax + 3 * kFrameBytesMax;

class HostileBroker {
  public:
    HostileBroker() : conversation_(settings()) { conversation_.time_is(Moment(500s)); }

    void play(Script& script) {
        while (!script.done() && !conversation_.end()) {
            step(script);
            claim_bounds();
        }
    }

  private:
    void step(Script& script) {
        const std::uint8_t choice = script.byte();
        switch (choice % 24) {
            case 0:
                return takes(
                    any_frame(script, script.value<Welcome>(), kNameBytesMax, kTextBytesMax));
            case 1: return takes(any_frame(script, script.value<Denied>(), 0, 0));
            case 2:
            case 3: return takes(entry(script));
            case 4: return takes(any_frame(script, script.value<Gap>(), kNameBytesMax, 0));
            case 5: return takes(any_frame(script, script.value<People>(), kNameBytesMax, 0));
            case 6:
                return takes(
                    any_frame(script, script.value<Person>(), kNameBytesMax, kPeerBytesMax));
            case 7: return takes(any_frame(script, script.value<Replay>(), 0, 0));
            case 8: return takes(any_frame(script, script.value<Done>(), 0, 0));
            case 9: return takes(crowd(script));
            case 10: return takes(forged_frame(script));
            case 11: return takes(script.piece());
            case 12: return types(std::string(script.piece()) + '\n');
            case 13: return types("alice\n");
            case 14: return types(script.repeated(kInputBytesMax));
            case 15: return conversation_.screen_sent();
            case 16: return conversation_.frames().clear();  // they are sent
            case 17: return conversation_.broker_is_silent();
            case 18: return relink();
            case 19: return conversation_.operator_removes();
            case 20: return conversation_.server_closes();
            case 21: return conversation_.client_finished();
            case 22: return conversation_.client_lost();
            default: return welcome();
        }
    }

    std::string entry(Script& script) {
        auto entry = script.value<Entry>();
        const std::uint8_t honesty = script.byte();
        if ((honesty & 1) == 0) entry.seq = ++seq_;
        if ((honesty & 2) == 0) entry.from = honesty / 8 % 4;
        if ((honesty & 4) == 0) entry.kind = static_cast<EntryKind>(honesty / 32 + 1);
        return any_frame(script, entry, kNameBytesMax, kTextBytesMax);
    }

    static std::string crowd(Script& script) {
        const auto crowd = script.value<Crowd>();
        std::string frame;
        append_frame(frame, crowd, {}, script.repeated(kTextBytesMax));
        return frame;
    }

    // Brings the conversation past the login at once.
    void welcome() {
        types("alice\n");
        relink();
        std::string frames;
        append_frame(frames,
                     Welcome{.session = 1, .acked = 0, .messages = 0, .now_ms = 0, .members = 1},
                     "0.0.0", "alice");
        append_frame(frames, Done{});
        takes(frames);
    }

    void relink() {
        if (std::exchange(linked_, false)) conversation_.link_closed();
        reader_.clear();
        if (!conversation_.wants_link()) return;
        linked_ = true;
        conversation_.link_opened();
    }

    // A worker reads its link only when its client has taken the whole screen.
    void takes(std::string_view bytes) {
        if (!linked_) relink();
        if (!linked_) return;
        conversation_.screen().clear();
        const auto take = [this](const Frame& frame) { return conversation_.broker_sent(frame); };
        if (!reader_.read(bytes.substr(0, kReadBytes), take)) relink();
    }

    void types(std::string_view bytes) {
        if (conversation_.wants_input()) conversation_.client_sent(bytes.substr(0, kInputBytesMax));
    }

    void claim_bounds() {
        CLAIM(conversation_.screen().size() <= kScreenMost);
        CLAIM(conversation_.frames().size() <= kFramesMost);
        for (std::string_view rest = conversation_.frames(); !rest.empty();) {
            Frame frame{};
            CLAIM(take_frame(rest, frame) == FrameStatus::Whole);
            CLAIM(frame.type >= FrameType::Attach && frame.type <= FrameType::AskReplay);
        }
    }

    Conversation conversation_;
    FrameReader reader_;
    bool linked_ = false;
    std::uint64_t seq_ = 1;
};

}  // namespace

void fuzz_frames(std::string_view input) {
    Script script(input);
    if (script.byte() % 2 == 0) {
        Assault().play(script);
    } else {
        HostileBroker().play(script);
    }
}

}  // namespace chatd::fuzz
