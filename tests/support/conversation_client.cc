#include "support/conversation_client.h"

#include <criterion/criterion.h>

#include <algorithm>
#include <utility>

namespace chatd::test {
namespace {

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
        case LeaveReason::Idle: return "idle";
        default: return "reason " + std::to_string(static_cast<int>(reason));
    }
}

std::string described(const Attach& attach, std::string_view name) {
    const bool is_back = attach.session != 0;
    return "attach " + std::string(name) + " session " + std::to_string(attach.session) + " has " +
           std::to_string(attach.last_seq) + (is_back && attach.newcomer != 0 ? ", newcomer" : "");
}

}  // namespace

std::int64_t utc(std::int64_t /*time_s*/) {
    return 0;
}

Welcome welcome_to(std::uint32_t members, std::uint64_t acked) {
    return {.session = kMe, .acked = acked, .messages = 100, .now_ms = kNow, .members = members};
}

Crowd crowd(std::uint64_t last_seq, std::uint32_t entered, std::uint32_t left) {
    return {.last_seq = last_seq,
            .time_ms = kNow,
            .entered = entered,
            .left = left,
            .reason = LeaveReason::Quit,
            .detail = 0};
}

std::string described(const Post& post, std::string_view name, std::string_view text) {
    std::string line = std::to_string(post.counter) + ' ' + name_of(post.kind);
    if (post.kind == EntryKind::Leave) line += ' ' + name_of(post.reason);
    if (!name.empty()) line.append(" ").append(name);
    if (!text.empty()) line.append(": ").append(text);
    return line;
}

std::string described(const Frame& frame) {
    switch (frame.type) {
        case FrameType::Attach: return described(frame.as<Attach>(), frame.name);
        case FrameType::Post: return described(frame.as<Post>(), frame.name, frame.text);
        case FrameType::AskWho: return "who [" + std::string(frame.name) + "]";
        case FrameType::AskReplay: return "past " + std::to_string(frame.as<AskReplay>().messages);
        default: return "type " + std::to_string(static_cast<int>(frame.type));
    }
}

Sent described_frames(std::string_view bytes) {
    Sent all;
    for_each_frame(bytes, [&](const Frame& frame) { all.push_back(described(frame)); });
    return all;
}

std::string lines(std::size_t count, std::string_view line) {
    std::string all;
    for (; count > 0; --count) all.append(line).append("\n");
    return all;
}

ConversationClient::ConversationClient(Stage stage, Language language, Limits limits,
                                       SharedBudget budget)
    : conversation({.language = language,
                    .utc_offset = utc,
                    .birth_ns = 77,
                    .peer = "192.0.2.7:51234",
                    .limits = limits,
                    .share = {.budget = budget, .browsers = {}}}) {
    conversation.time_is(kBegin);
    if (stage == Stage::Login) {
        conversation.time_is(kBegin + kPromptHeld);
        conversation.ask_name(kBegin + kPromptHeld);
        return;
    }
    types("alice\n");
    conversation.link_opened();
    if (stage == Stage::Talking) welcome();
    (void)screen();
    (void)sent();
}

void ConversationClient::expect(bool holds, const char* what, const Where& where) {
    const Caller caller(where);
    if (!holds) cr_expect(false, "not so: %s%s", what, Caller::all().c_str());
}

// --- What came out -------------------------------------------------------------------------------

std::string ConversationClient::screen() {
    return std::exchange(conversation.screen(), {});
}

Sent ConversationClient::sent() {
    return described_frames(std::exchange(conversation.frames(), {}));
}

std::string ConversationClient::shown_for(std::string_view bytes, Where where) {
    types(bytes);
    expect(sent().empty(), "nothing is sent", where);
    return screen();
}

Sent ConversationClient::sent_for(std::string_view bytes, Where where) {
    types(bytes);
    expect(screen().empty(), "nothing is shown", where);
    return sent();
}

// --- The broker ----------------------------------------------------------------------------------

bool ConversationClient::takes_frame(std::string_view bytes) {
    bool taken = false;
    for_each_frame(bytes, [&](const Frame& frame) { taken = conversation.broker_sent(frame); });
    return taken;
}

void ConversationClient::relinks(Where where) {
    conversation.link_closed();
    conversation.link_opened();
    expect(sent().size() == 1, "only Attach is sent", where);
}

void ConversationClient::welcome(std::uint64_t acked, Where where) {
    broker(welcome_to(1, acked), {}, "alice", where);
    if (seq_ == 0) broker(Done{}, {}, {}, where);
    seq_ = std::max(seq_, kMe);
}

Entry ConversationClient::entry(EntryKind kind, std::uint64_t from) {
    Entry entry{};
    entry.kind = kind;
    entry.seq = ++seq_;
    entry.time_ms = kNow;
    entry.messages = 100;
    entry.from = from;
    return entry;
}

void ConversationClient::happens(EntryKind kind, std::uint64_t from, std::string_view name,
                                 std::string_view text, Where where) {
    broker(entry(kind, from), name, text, where);
}

void ConversationClient::hears(std::uint64_t from, std::string_view name, std::string_view text,
                               Where where) {
    Entry words = entry(EntryKind::Tell, from);
    words.to = kMe;
    broker(words, name, text, where);
}

void ConversationClient::comes_back(EntryKind kind, std::uint64_t counter, std::string_view text,
                                    std::uint64_t to, Where where) {
    Entry own = entry(kind, kMe);
    own.counter = counter;
    own.to = to;
    broker(own, "alice", text, where);
}

void ConversationClient::is_refused(std::uint64_t counter, Refusal reason, std::string_view wanted,
                                    Where where) {
    Entry own = entry(EntryKind::Refused, kMe);
    own.counter = counter;
    own.to = kMe;
    own.reason = static_cast<std::uint8_t>(reason);
    broker(own, "alice", wanted, where);
}

void ConversationClient::has_left(std::uint64_t counter, LeaveReason reason, Where where) {
    Entry own = entry(EntryKind::Leave, kMe);
    own.counter = counter;
    own.reason = static_cast<std::uint8_t>(reason);
    broker(own, "alice", {}, where);
}

void ConversationClient::replays(std::string_view name, std::string_view text, std::int64_t time_ms,
                                 Where where) {
    Entry old = entry(EntryKind::Say, kBob);
    --seq_;  // It is no news.
    old.seq = ++replay_seq_;
    old.time_ms = time_ms;
    broker(old, name, text, where);
}

}  // namespace chatd::test
