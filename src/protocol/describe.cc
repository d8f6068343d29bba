#include "protocol/describe.h"

#include <cstring>

#include <concepts>
#include <new>

#include "text/number.h"
#include "text/quote.h"

namespace chatd {
namespace {

std::string_view name_of(FrameType type) {
    switch (type) {
        case FrameType::Attach: return "Attach";
        case FrameType::Post: return "Post";
        case FrameType::AskWho: return "AskWho";
        case FrameType::AskReplay: return "AskReplay";
        case FrameType::Welcome: return "Welcome";
        case FrameType::Denied: return "Denied";
        case FrameType::Entry: return "Entry";
        case FrameType::Gap: return "Gap";
        case FrameType::People: return "People";
        case FrameType::Person: return "Person";
        case FrameType::Replay: return "Replay";
        case FrameType::Done: return "Done";
        case FrameType::Crowd: return "Crowd";
        case FrameType::Ended: return "Ended";
        case FrameType::CloseRoom: return "CloseRoom";
        case FrameType::Ping: return "Ping";
        case FrameType::Born: return "Born";
        case FrameType::AskProcesses: return "AskProcesses";
        case FrameType::Processes: return "Processes";
        case FrameType::ProcessRow: return "ProcessRow";
        case FrameType::Pad: return "Pad";
    }
    return "";
}

std::string_view name_of(EntryKind kind) {
    switch (kind) {
        case EntryKind::Join: return "Join";
        case EntryKind::Leave: return "Leave";
        case EntryKind::Say: return "Say";
        case EntryKind::Emote: return "Emote";
        case EntryKind::Tell: return "Tell";
        case EntryKind::Rename: return "Rename";
        case EntryKind::Refused: return "Refused";
        case EntryKind::Closing: return "Closing";
    }
    return "";
}

std::string_view name_of(LeaveReason reason) {
    switch (reason) {
        case LeaveReason::Quit: return "Quit";
        case LeaveReason::Lost: return "Lost";
        case LeaveReason::Removed: return "Removed";
        case LeaveReason::Killed: return "Killed";
        case LeaveReason::Failed: return "Failed";
        case LeaveReason::Expelled: return "Expelled";
        case LeaveReason::Idle: return "Idle";
    }
    return "";
}

std::string_view name_of(Refusal reason) {
    switch (reason) {
        case Refusal::NameTaken: return "NameTaken";
        case Refusal::NobodyThere: return "NobodyThere";
        case Refusal::RoomFull: return "RoomFull";
        case Refusal::Removed: return "Removed";
        case Refusal::Poison: return "Poison";
    }
    return "";
}

std::string_view name_of(ProcessRole role) {
    switch (role) {
        case ProcessRole::Parent: return "Parent";
        case ProcessRole::Broker: return "Broker";
        case ProcessRole::Worker: return "Worker";
        case ProcessRole::Lookout: return "Lookout";
        case ProcessRole::Other: return "Other";
    }
    return "";
}

// Appends fields to the description of a frame.
class Fields {
  public:
    explicit Fields(std::string& out) : out_(out) {}

    void add(const char* field, std::integral auto number) {
        if (number != 0) begin(field) += std::to_string(number);
    }
    void add(const char* field, std::string_view text) {
        if (!text.empty()) begin(field) += text;
    }
    // An enumerator by its name; by its number when this program does not know it.
    void add_named(const char* field, auto enumerator) {
        const std::string_view name = name_of(enumerator);
        begin(field) +=
            name.empty() ? std::to_string(static_cast<int>(enumerator)) : std::string(name);
    }

  private:
    std::string& begin(const char* field) { return out_.append(" ").append(field).append("="); }

    std::string& out_;
};

// --- The bodies, in the order of protocol/body.h

void describe(Fields& to, const Attach& body) {
    to.add("birth_ns", body.birth_ns);
    to.add("session", body.session);
    to.add("last_seq", body.last_seq);
    to.add("messages", body.messages);
    to.add("newcomer", body.newcomer);
    to.add("crowds", body.crowds);
}

void describe(Fields& to, const Post& body) {
    to.add("counter", body.counter);
    to.add_named("kind", body.kind);
    if (body.kind == EntryKind::Leave) to.add_named("reason", body.reason);
}

void describe(Fields& to, const AskReplay& body) {
    to.add("messages", body.messages);
}

void describe(Fields& to, const Welcome& body) {
    to.add("session", body.session);
    to.add("acked", body.acked);
    to.add("messages", body.messages);
    to.add("now_ms", body.now_ms);
    to.add("members", body.members);
}

void describe(Fields& to, const Denied& body) {
    to.add_named("reason", body.reason);
}

void describe(Fields& to, const Entry& body) {
    to.add("seq", body.seq);
    to.add_named("kind", body.kind);
    if (body.kind == EntryKind::Leave) to.add_named("reason", LeaveReason{body.reason});
    if (body.kind == EntryKind::Refused) to.add_named("reason", Refusal{body.reason});
    to.add("detail", body.detail);
    to.add("time_ms", body.time_ms);
    to.add("messages", body.messages);
    to.add("from", body.from);
    to.add("to", body.to);
    to.add("counter", body.counter);
    to.add("back_bytes", body.back_bytes);
    to.add("checksum", "0x" + in_hex(body.checksum));
    to.add("room", body.room);
}

void describe(Fields& to, const Gap& body) {
    to.add("messages", body.messages);
    if (body.acked == kNoLongerMember) return to.add("acked", "kNoLongerMember");
    to.add("acked", body.acked);
}

void describe(Fields& to, const People& body) {
    to.add("now_ms", body.now_ms);
    to.add("members", body.members);
    to.add("matching", body.matching);
}

void describe(Fields& to, const Person& body) {
    to.add("since_ms", body.since_ms);
    to.add("idle_ms", body.idle_ms);
    to.add("pid", body.pid);
    to.add("stopped", body.stopped);
}

void describe(Fields& to, const Replay& body) {
    to.add("now_ms", body.now_ms);
    to.add("messages", body.messages);
}

void describe(Fields& to, const Crowd& body) {
    to.add("last_seq", body.last_seq);
    to.add("time_ms", body.time_ms);
    to.add("entered", body.entered);
    to.add("left", body.left);
    to.add_named("reason", body.reason);
    to.add("detail", body.detail);
}

void describe(Fields& to, const Done& body) {
    to.add("left_out", body.left_out);
}

void describe(Fields& to, const Born& body) {
    to.add("birth_ns", body.birth_ns);
    to.add("pid", body.pid);
    to.add("stopped", body.stopped);
}

void describe(Fields& to, const Processes& body) {
    to.add("processes", body.processes);
    to.add("matching", body.matching);
}

void describe(Fields& to, const ProcessRow& body) {
    to.add("pid", body.pid);
    to.add("ppid", body.ppid);
    to.add_named("role", body.role);
    to.add("stat", std::string_view(body.stat, strnlen(body.stat, sizeof body.stat)));
    to.add("age_ms", body.age_ms);
    to.add("cpu_ms", body.cpu_ms);
    to.add("memory_kib", body.memory_kib);
    to.add("nice", body.nice);
    to.add("policy", body.policy);
}

void describe(Fields& to, const Ended& body) {
    to.add("birth_ns", body.birth_ns);
    to.add("lived_ms", body.lived_ms);
    to.add("pid", body.pid);
    to.add("wait_status", body.wait_status);
}

void describe_body(Fields& to, const Frame& frame) {
    switch (frame.type) {
        case FrameType::Attach: return describe(to, frame.as<Attach>());
        case FrameType::Post: return describe(to, frame.as<Post>());
        case FrameType::AskReplay: return describe(to, frame.as<AskReplay>());
        case FrameType::Welcome: return describe(to, frame.as<Welcome>());
        case FrameType::Denied: return describe(to, frame.as<Denied>());
        case FrameType::Entry: return describe(to, frame.as<Entry>());
        case FrameType::Gap: return describe(to, frame.as<Gap>());
        case FrameType::People: return describe(to, frame.as<People>());
        case FrameType::Person: return describe(to, frame.as<Person>());
        case FrameType::Replay: return describe(to, frame.as<Replay>());
        case FrameType::Done: return describe(to, frame.as<Done>());
        case FrameType::Crowd: return describe(to, frame.as<Crowd>());
        case FrameType::Ended: return describe(to, frame.as<Ended>());
        case FrameType::Born: return describe(to, frame.as<Born>());
        case FrameType::Processes: return describe(to, frame.as<Processes>());
        case FrameType::ProcessRow: return describe(to, frame.as<ProcessRow>());
        case FrameType::AskWho:
        case FrameType::AskProcesses:
        case FrameType::CloseRoom:
        case FrameType::Ping:
        case FrameType::Pad: return;
    }
}

// The text of a Rename or Refused is a name, and that of other frames was made by chatd.
bool is_said(const Frame& frame) {
    if (frame.type != FrameType::Post && frame.type != FrameType::Entry) return false;
    const EntryKind kind =
        frame.type == FrameType::Post ? frame.as<Post>().kind : frame.as<Entry>().kind;
    return kind != EntryKind::Rename && kind != EntryKind::Refused;
}

}  // namespace

std::string describe_frame(const Frame& frame, bool with_text) {
    std::string out(name_of(frame.type));
    Fields fields(out);
    describe_body(fields, frame);
    if (!frame.name.empty()) fields.add("name", quoted(frame.name));
    if (frame.text.empty()) return out;
    fields.add("text", is_said(frame) ? describe_text(frame.text, with_text) : quoted(frame.text));
    return out;
}

std::string describe_text(std::string_view text, bool with_text) {
    const std::string bytes = counted(text.size(), "byte", "bytes");
    return with_text ? bytes + ' ' + quoted(text) : bytes;
}

void detail::trace_frames(const char* step, std::string_view frames, pid_t peer) noexcept {
    try {
        const std::string whose = peer == 0 ? "" : ' ' + std::to_string(peer);
        for (Frame frame{}; take_frame(frames, frame) == FrameStatus::Whole;) {
            CHATD_TRACE("%s%s: %s", step, whose.c_str(),
                        describe_frame(frame, trace_has_text()).c_str());
        }
    } catch (const std::bad_alloc&) {
        CHATD_TRACE("%s: no memory to say what", step);
    }
}

void detail::trace_text(const char* step, std::string_view text) noexcept {
    try {
        CHATD_TRACE("%s: %s", step, describe_text(text, trace_has_text()).c_str());
    } catch (const std::bad_alloc&) {
        CHATD_TRACE("%s: no memory to say what", step);
    }
}

}  // namespace chatd
