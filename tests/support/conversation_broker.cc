#include "support/conversation_broker.h"

#include <utility>

#include "text/clean.h"
#include "text/name.h"

namespace chatd::test {
namespace {

void require(bool holds, const std::string& promise, Where where = Where::here()) {
    if (!holds) throw failure(promise, where);
}

bool is_good_name(std::string_view name) {
    return check_name(name) == NameFault::None;
}

}  // namespace

// --- The link ------------------------------------------------------------------------------------

void ConversationBroker::open_link() {
    linked_ = true;
    attached_ = false;
    conversation_.link_opened();
}

void ConversationBroker::break_link() {
    linked_ = false;
    inbox_.clear();
    replies_.clear();
    conversation_.link_closed();
}

void ConversationBroker::receive(Where where) {
    const Caller caller(where);
    std::string& frames = conversation_.frames();
    require(frames.empty() || linked_ || !conversation_.wants_link(), "frames without a link");
    if (linked_) inbox_ += frames;
    frames.clear();
}

void ConversationBroker::read(bool name_is_taken, Where where) {
    const Caller caller(where);
    const std::string bytes = std::exchange(inbox_, {});
    for_each_frame(bytes, [&](const Frame& frame) { handle(frame, name_is_taken); });
}

void ConversationBroker::read_and_die(Where where) {
    const Caller caller(where);
    const std::string bytes = std::exchange(inbox_, {});
    bool dead = false;
    for_each_frame(bytes, [&](const Frame& frame) {
        if (dead) return;
        dead = frame.type == FrameType::Post && !left_ && frame.as<Post>().counter == counter_ + 1;
        if (!dead) return handle(frame, false);
        ++counter_;
        refuse(entry(EntryKind::Refused, kMe), Refusal::Poison);
    });
    break_link();
}

bool ConversationBroker::deliver(Where where) {
    const Caller caller(where);
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

void ConversationBroker::overtake() {
    if (!attached_ || !replies_.empty() || at_ == log_.size()) return;
    at_ = log_.size();
    reply(Gap{.messages = 3, .acked = left_ ? kNoLongerMember : counter_},
          left_ ? std::string_view() : name_);
}

// --- What happens --------------------------------------------------------------------------------

Entry ConversationBroker::entry(EntryKind kind, std::uint64_t from) const {
    Entry entry{};
    entry.kind = kind;
    entry.seq = kMe + log_.size() + 1;  // the Join is before the first
    entry.time_ms = kNow;
    entry.from = from;
    if (from == kMe) entry.counter = counter_;
    return entry;
}

void ConversationBroker::append(const Entry& entry, std::string_view name, std::string_view text) {
    append_frame(log_.emplace_back(), entry, name, text);
}

void ConversationBroker::bob(EntryKind kind, std::string_view text) {
    Entry heard = entry(kind, kBob);
    if (kind == EntryKind::Tell) heard.to = kMe;
    append(heard, "bob", text);
}

void ConversationBroker::close_room() {
    append(entry(EntryKind::Closing, 0), {}, {});
}

// --- What the worker asks for --------------------------------------------------------------------

void ConversationBroker::handle(const Frame& frame, bool name_is_taken) {
    if (frame.type == FrameType::Attach) return attach(frame, name_is_taken);
    require(attached_, "something before the welcome: " + described(frame));
    switch (frame.type) {
        case FrameType::AskWho:
            reply(People{.now_ms = kNow, .members = 1, .matching = 1}, frame.name);
            reply(Person{.since_ms = kNow, .idle_ms = 0, .pid = 11}, name_, "peer");
            return reply(Done{});
        case FrameType::AskReplay:
            reply(Replay{.now_ms = kNow, .messages = 0});
            return reply(Done{});
        case FrameType::Post: return post(frame.as<Post>(), frame.name, frame.text);
        default: require(false, described(frame));
    }
}

void ConversationBroker::attach(const Frame& frame, bool name_is_taken) {
    const auto wanted = frame.as<Attach>();
    require(!attached_, "two Attach on one link");
    require(is_good_name(frame.name), "a bad name");
    if (left_) return reply(Denied{Refusal::Removed});
    if (!joined_ && name_is_taken) return reply(Denied{Refusal::NameTaken});
    require(wanted.session == 0 || (joined_ && wanted.session == kMe), "another's session");
    if (!joined_) name_ = frame.name;
    joined_ = true;
    attached_ = true;
    at_ = wanted.session == 0 ? 0 : static_cast<std::size_t>(wanted.last_seq - kMe);
    require(at_ <= log_.size(), "knows what never was");
    sent_ = counter_;
    reply(welcome_to(1, counter_), {}, name_);
    if (wanted.newcomer != 0) reply(Done{});  // nothing was said before
}

void ConversationBroker::post(const Post& request, std::string_view name, std::string_view text) {
    require(request.counter == ++sent_, "a hole before " + described(request, name, text));
    require(is_clean_text(text), "not clean: " + escaped(text));
    require(!left_ || request.kind != EntryKind::Leave, "leaves twice");
    if (left_) return;
    ++counter_;
    const Entry own = entry(request.kind, kMe);
    switch (request.kind) {
        case EntryKind::Say:
        case EntryKind::Emote: return say(own, text);
        case EntryKind::Tell: return tell(own, name, text);
        case EntryKind::Rename: return rename(own, name);
        case EntryKind::Leave: return leave(own, request.reason, text);
        default: require(false, described(request, name, text));
    }
}

void ConversationBroker::say(const Entry& own, std::string_view text) {
    require(!text.empty(), "nothing said");
    said_.emplace_back(text);
    append(own, name_, text);
}

void ConversationBroker::tell(Entry own, std::string_view to, std::string_view text) {
    require(!text.empty(), "nothing told");
    require(may_be_name(to), "no name");
    if (to == "nobody") return refuse(own, Refusal::NobodyThere);
    own.to = to == name_ ? kMe : kBob;
    append(own, name_, text);
}

void ConversationBroker::rename(const Entry& own, std::string_view name) {
    require(is_good_name(name), "a bad name");
    if (name == "bob") return refuse(own, Refusal::NameTaken);
    append(own, name_, name);
    name_ = name;
}

void ConversationBroker::leave(Entry own, LeaveReason reason, std::string_view words) {
    own.reason = static_cast<std::uint8_t>(reason);
    left_ = true;
    append(own, name_, words);
}

void ConversationBroker::refuse(Entry own, Refusal reason) {
    own.kind = EntryKind::Refused;
    own.to = kMe;
    own.reason = static_cast<std::uint8_t>(reason);
    append(own, name_, {});
}

}  // namespace chatd::test
