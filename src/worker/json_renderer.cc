#include "worker/json_renderer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <optional>

#include "base/bounds.h"
#include "base/settings.h"
#include "log/crowd.h"
#include "protocol/describe.h"
#include "text/json.h"

namespace chatd {
namespace {

constexpr Text kNotices[] = {
    Text::AddressTooFast,   Text::Goodbye,   Text::Help,       Text::LanguageIs,
    Text::NameHelp,         Text::NoHistory, Text::RoomIsBack, Text::RoomRecovers,
    Text::SaidWithOneSlash, Text::TimeOff,   Text::TimeOn,     Text::TooFast,
};

constexpr Text kErrors[] = {
    Text::AlreadyCalled, Text::IdleTooLong,
    Text::LineTooLong,   Text::NameBadCharacter,
    Text::NameEmpty,     Text::NameMixture,
    Text::NameTaken,     Text::NameTooLong,
    Text::NobodyThere,   Text::NobodyToAnswer,
    Text::NoLookout,     Text::NoNameInTime,
    Text::NoSuchCommand, Text::NoSuchCommandNearest,
    Text::NotSaid,       Text::NotThat,
    Text::NotUtf8,       Text::OperatorRemoves,
    Text::Poison,        Text::RoomFull,
    Text::TooManyTries,  Text::UseHistory,
    Text::UseLang,       Text::UseMe,
    Text::UseMsg,        Text::UseNick,
    Text::UseReply,      Text::UseTime,
    Text::WorkerFails,
};

std::string_view word_of(EntryKind kind) {
    switch (kind) {
        case EntryKind::Join: return "join";
        case EntryKind::Leave: return "leave";
        case EntryKind::Say: return "say";
        case EntryKind::Emote: return "emote";
        case EntryKind::Tell: return "tell";
        case EntryKind::Rename: return "rename";
        case EntryKind::Closing: return "closing";
        case EntryKind::Refused: break;
    }
    return {};
}

std::string_view word_of(LeaveReason reason) {
    switch (reason) {
        case LeaveReason::Quit: return "quit";
        case LeaveReason::Lost: return "lost";
        case LeaveReason::Removed: return "removed";
        case LeaveReason::Killed: return "killed";
        case LeaveReason::Failed: return "failed";
        case LeaveReason::Expelled: return "expelled";
        case LeaveReason::Idle: return "idle";
    }
    return "other";  // of a broker that is newer than this worker
}

std::string_view word_of(ProcessRole role) {
    switch (role) {
        case ProcessRole::Parent: return "parent";
        case ProcessRole::Broker: return "broker";
        case ProcessRole::Worker: return "worker";
        case ProcessRole::Lookout: return "lookout";
        case ProcessRole::Other: break;
    }
    return "other";
}

// "2026-11-26T18:05:31.204Z"
std::string iso_time(std::int64_t time_ms) {
    using namespace std::chrono;
    const sys_time<milliseconds> time{milliseconds(time_ms)};
    const sys_days day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss of_day(time - day);
    std::array<char, 32> text{};
    const int bytes = std::snprintf(
        text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int{date.year()},
        unsigned{date.month()}, unsigned{date.day()}, static_cast<int>(of_day.hours().count()),
        static_cast<int>(of_day.minutes().count()), static_cast<int>(of_day.seconds().count()),
        static_cast<int>(of_day.subseconds().count()));
    return {text.data(), static_cast<std::size_t>(bytes)};
}

}  // namespace

// An object that is sent when it is whole. It begins with what many objects have.
class JsonRenderer::Object {
  public:
    Object(JsonRenderer& renderer, std::string_view type) : renderer_(renderer) {
        json_.emplace(text_);
        json_->add("type", type);
    }
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
    ~Object() {
        json_.reset();
        trace_text("makes text", text_);
        renderer_.send(text_);
    }

    JsonObject* operator->() { return &*json_; }

    void answers() {
        const std::uint64_t line = renderer_.screen_.answered_line();
        if (line > renderer_.lines_before_) json_->add("line", line - renderer_.lines_before_);
    }
    void happened(std::uint64_t seq, std::int64_t time_ms) {
        json_->add("seq", seq);
        json_->add("time", iso_time(time_ms));
    }

  private:
    JsonRenderer& renderer_;
    std::string text_;
    std::optional<JsonObject> json_;
};

std::span<const Text> json_notices() {
    return kNotices;
}

std::span<const Text> json_errors() {
    return kErrors;
}

void JsonRenderer::send(std::string_view object) {
    screen_.out.append(object).append(1, '\n');
}

// --- The beginning -------------------------------------------------------------------------------

void JsonRenderer::hello(const Limits& limits, std::string_view name) {
    own_name_ = name;
    Object object(*this, "hello");
    object->add("server", "chatd");
    object->add("version", kVersion);
    object->add("format", 1);
    object->add("language", code_of(screen_.language()));
    if (!name.empty()) object->add("name", name);
    std::string bounds;
    {
        JsonObject json(bounds);
        json.add("name_characters", kNameCharactersMax);
        json.add("line_bytes", kLineBytesMax);
        json.add("lines_per_second", limits.rate.per_second);
        json.add("lines_at_once", limits.rate.burst);
        json.add("name_seconds", limits.to_name.count());
        json.add("idle_seconds", limits.idle.count());
    }
    object->add_json("limits", bounds);
}

void JsonRenderer::prompt() {
    const Object object(*this, "name?");
}

void JsonRenderer::welcome(const Welcome& welcome, std::string_view name, std::string_view names) {
    own_name_ = name;
    Object object(*this, "welcome");
    object.happened(welcome.session, welcome.now_ms);
    object.answers();
    object->add("name", name);
    object->add("members", welcome.members);
    object->add_words("names", names);
}

// --- What happens in the room --------------------------------------------------------------------

void JsonRenderer::event(const Entry& entry, std::string_view name, std::string_view text,
                         bool past) {
    if (past && !shows_past_) show_past("begin");
    this->entry(entry, name, text, own_name_, past, false);
}

void JsonRenderer::own(const Entry& entry, std::string_view name, std::string_view text,
                       std::string_view to) {
    if (entry.kind == EntryKind::Rename) own_name_ = text;
    this->entry(entry, name, text, to, false, true);
}

void JsonRenderer::entry(const Entry& entry, std::string_view name, std::string_view text,
                         std::string_view to, bool past, bool own) {
    const std::string_view type = word_of(entry.kind);
    if (type.empty()) return;
    Object object(*this, type);
    object.happened(entry.seq, entry.time_ms);
    if (past) object->add("past", true);
    if (own) object->add("own", true);
    object.answers();
    if (entry.kind == EntryKind::Closing) return;
    object->add("name", name);
    if (entry.kind == EntryKind::Rename) object->add("to", text);
    if (entry.kind == EntryKind::Tell) object->add("to", to);
    if (entry.kind == EntryKind::Leave) {
        const auto reason = static_cast<LeaveReason>(entry.reason);
        object->add("reason", word_of(reason));
        const bool has_detail = reason == LeaveReason::Killed || reason == LeaveReason::Failed;
        if (has_detail) object->add("detail", entry.detail);
        if (!text.empty()) object->add("words", text);
    }
    const bool has_text = entry.kind == EntryKind::Say || entry.kind == EntryKind::Emote ||
                          entry.kind == EntryKind::Tell;
    if (has_text) object->add("text", text);
}

void JsonRenderer::crowd(const Crowd& crowd, std::string_view names) {
    Object object(*this, "crowd");
    object.happened(crowd.last_seq, crowd.time_ms);
    object->add("joined", crowd.entered);
    object->add_words("names_joined", take_names(names, named_of(crowd.entered)));
    object->add("left", crowd.left);
    object->add_words("names_left", names);
    object->add("reason", word_of(crowd.reason));
}

void JsonRenderer::gap(const Gap& gap, std::string_view name) {
    own_name_ = name;
    Object object(*this, "gap");
    object->add("messages", gap.messages);
    object->add("name", name);
}

void JsonRenderer::show_past(std::string_view state) {
    shows_past_ = state == "begin";
    Object object(*this, "past");
    object.answers();
    object->add("state", state);
}

// --- Answers -------------------------------------------------------------------------------------

void JsonRenderer::line(Text text, std::initializer_list<std::string_view> fillings) {
    if (text == Text::ServerCloses) {
        const Object closing(*this, "closing");
        return;
    }
    const bool is_error = std::ranges::find(kErrors, text) != std::end(kErrors);
    Object object(*this, is_error ? "error" : "notice");
    object.answers();
    object->add("code", code_of(text));
    std::string words;
    append_text(words, screen_.language(), text, fillings);
    object->add("text", words);
    object->add_list("values", fillings);
}

void JsonRenderer::not_utf8(Encoding /*encoding*/) {
    line(Text::NotUtf8, {});
}

void JsonRenderer::answer(std::string_view frames, std::uint32_t left_out) {
    if (shows_past_) show_past("end");
    bool lists_people = false;
    for (Frame frame{}; take_frame(frames, frame) == FrameStatus::Whole;) {
        if (frame.type == FrameType::People) {
            const auto people = frame.as<People>();
            lists_people = true;
            Object object(*this, "who");
            object.answers();
            object->add("prefix", frame.name);
            object->add("members", people.members);
            object->add("matching", people.matching);
        } else if (frame.type == FrameType::Person) {
            const auto person = frame.as<Person>();
            Object object(*this, "person");
            object.answers();
            object->add("name", frame.name);
            object->add("pid", person.pid);
            object->add("since", iso_time(person.since_ms));
            object->add("idle_ms", person.idle_ms);
            object->add("stopped", person.stopped != 0);
            object->add("address", frame.text);
        } else if (frame.as<Replay>().messages == 0) {
            line(Text::NoHistory, {});
        }
    }
    if (lists_people) end_answer("who", left_out);
}

void JsonRenderer::processes(const ProcessAnswer& answer) {
    if (answer.counts) {
        Object object(*this, "ps");
        object.answers();
        object->add("prefix", answer.prefix);
        object->add("processes", answer.counts->processes);
        object->add("matching", answer.counts->matching);
    }
    for (const ProcessNews& process : answer.processes) this->process(process);
    for (const ProcessNews& process : answer.processes) {
        if (!answer.is_asked_for(process) || process.row.pid != answer.own.pid) continue;
        Object object(*this, "self");
        object.answers();
        object->add("pid", answer.own.pid);
        object->add("voluntary", answer.own.voluntary);
        object->add("involuntary", answer.own.involuntary);
        object->add("files", answer.own.files);
        object->add("links", answer.own.links);
        object->add("unread", answer.own.unread);
        object->add("unconfirmed", answer.own.unconfirmed);
    }
    end_answer("ps", answer.left_out);
}

void JsonRenderer::process(const ProcessNews& process) {
    const ProcessRow& row = process.row;
    Object object(*this, "process");
    object.answers();
    object->add("pid", row.pid);
    object->add("ppid", row.ppid);
    object->add("role", word_of(row.role));
    if (!process.name.empty()) object->add("name", process.name);
    object->add("stat", stat_of(row));
    object->add("cpu_ms", row.cpu_ms);
    object->add("memory_kib", row.memory_kib);
    object->add("nice", row.nice);
    object->add("policy", row.policy);
    object->add("age_ms", row.age_ms);
    if (!process.call.empty()) object->add("call", process.call);
}

void JsonRenderer::end_answer(std::string_view of, std::uint32_t left_out) {
    Object object(*this, "end");
    object.answers();
    object->add("of", of);
    object->add("left_out", left_out);
}

}  // namespace chatd
