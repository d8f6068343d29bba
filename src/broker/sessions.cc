#include "broker/sessions.h"

#include <algorithm>
#include <utility>

#include "base/fault.h"
#include "text/name.h"

namespace chatd {

void Sessions::born(const Born& born, std::string_view peer) {
    born_.insert_or_assign(born.pid, Birth{born.birth_ns, std::string(peer), born.stopped != 0});
}

void Sessions::remove_strangers(Now now) {
    for (const Member* const member : room_.members().matching({})) {
        const auto found = born_.find(member->pid);
        if (found != born_.end() && found->second.birth_ns == member->birth_ns) continue;
        observer_.was_a_stranger(*member);
        room_.remove(*room_.members().by_session(member->session), LeaveReason::Lost, 0,
                     now.wall_ms);
    }
}

std::optional<WorkerState> Sessions::connected(pid_t pid, WorkerState* old, Moment now) const {
    const Birth& birth = born_.at(pid);
    if (old == nullptr || old->process.birth_ns != birth.birth_ns) {
        return WorkerState({.pid = pid,
                            .birth_ns = birth.birth_ns,
                            .peer = birth.peer,
                            .requests = RateLimiter(rate_of_requests(settings_.lines))});
    }
    RateLimiter& requests = old->process.requests;
    if (!requests.allows(now)) return std::nullopt;
    requests.spend(now);
    return WorkerState(old->process);
}

// --- Requests ------------------------------------------------------------------------------------

Sessions::Verdict Sessions::handle(WorkerState& worker, const Frame& frame, Now now) {
    WorkerProcess& process = worker.process;
    if (process.is_expelled) return dismiss(worker);
    if (!process.requests.allows(now.moment)) return expel(worker, now);
    process.requests.spend(now.moment);
    switch (frame.type) {
        case FrameType::Attach: return attach(worker, frame, now);
        case FrameType::Post: return post(worker, frame, now);
        case FrameType::AskWho: return answer_who(worker, frame.name, now);
        case FrameType::AskReplay:
            return answer_replay(worker, frame.as<AskReplay>().messages, now);
        default: return Verdict::End;
    }
}

// A process is a member once. If it could join again, it could fill the log with its comings and
// goings.
Sessions::Verdict Sessions::attach(WorkerState& worker, const Frame& frame, Now now) {
    const auto wanted = frame.as<Attach>();
    if (worker.state != WorkerState::State::Login || !may_be_name(frame.name)) {
        return Verdict::End;
    }
    const WorkerProcess& process = worker.process;
    // A different birth may be honest: the kernel gave the pid to a new process, and the broker has
    // not heard of the old one's end. The new worker tries again.
    if (wanted.birth_ns != process.birth_ns) return Verdict::End;
    const bool joins_again = process.has_joined && wanted.session == 0;
    if (joins_again && room_.members().by_pid(process.pid) == nullptr) return dismiss(worker);

    worker.is_urgent = true;
    fault_point(wanted.session == 0 ? "broker:before-join" : "broker:before-resume");
    const Room::Answer answer = room_.attach({.pid = process.pid,
                                              .birth_ns = process.birth_ns,
                                              .session = wanted.session,
                                              .name = frame.name,
                                              .peer = process.peer},
                                             now.wall_ms);
    if (answer.member != nullptr) {
        let_in(worker, *answer.member, wanted, now);
        if (wanted.session == 0) observer_.joined(worker, answer.member->peer());
    } else if (wanted.session != 0) {
        see_off(worker, wanted);
    } else {
        append_frame(worker.reader.replies, Denied{answer.reason});
    }
    return Verdict::GoOn;
}

void Sessions::let_in(WorkerState& worker, const Member& member, const Attach& wanted, Now now) {
    worker.state = WorkerState::State::Member;
    worker.session = member.session;
    worker.process.has_joined = true;
    worker.name = member.name();
    if (settings_.crowds && wanted.crowds != 0) worker.reader.take_crowds();
    const bool is_back = wanted.session != 0;
    const Position begin = log_.after_seq(is_back ? wanted.last_seq : member.session);
    const std::uint64_t messages = is_back ? wanted.messages : log_.messages_before(begin);
    welcome(worker, member, messages, now);
    worker.reader.start(log_, member.session, begin, messages, standing_of(worker));
    if (is_back) fault_point("broker:after-resume");
    if (wanted.newcomer != 0) {
        worker.reader.replay(log_, log_.after_seq(member.session), settings_.replay);
    }
}

void Sessions::welcome(WorkerState& worker, const Member& member, std::uint64_t messages, Now now) {
    std::string names;
    for (const Member* const present : room_.members().matching({}, kNamesShown)) {
        if (!names.empty()) names += ' ';
        names.append(present->name());
    }
    append_frame(worker.reader.replies,
                 Welcome{.session = member.session,
                         .acked = member.counter,
                         .messages = messages,
                         .now_ms = now.wall_ms,
                         .members = room_.members().size()},
                 settings_.version, names);
}

// The session's member has left, and a broker died before it told the worker: the worker reads on
// to its own Leave. The broker can no longer check the claim, so the reader gets only public
// entries, and none after that Leave. Finding the Leave takes a walk through the log, so a process
// gets it once. If its link breaks again, the broker denies it: an honest worker ends then, as it
// would have ended after its Leave.
void Sessions::see_off(WorkerState& worker, const Attach& wanted) {
    worker.process.is_expelled = true;
    const auto end = room_.end_of(wanted.session, wanted.last_seq);
    if (!end) return append_frame(worker.reader.replies, Denied{Refusal::Removed});
    worker.state = WorkerState::State::Departed;
    worker.reader.start(log_, kNobody, log_.after_seq(wanted.last_seq), wanted.messages,
                        {.name = {}, .acked = kNoLongerMember});
    worker.reader.stop_at(*end);
}

Sessions::Verdict Sessions::post(WorkerState& worker, const Frame& frame, Now now) {
    if (worker.state == WorkerState::State::Login) return Verdict::End;
    Member* const member = room_.members().by_session(worker.session);
    // The broker ignores requests that follow a member's Leave.
    if (member == nullptr) return Verdict::GoOn;
    const auto request = frame.as<Post>();
    if (!room_.post(*member, request, frame.name, frame.text, now.wall_ms)) {
        return expel(worker, now);
    }
    if (request.kind == EntryKind::Rename) note_name(worker);
    if (request.kind == EntryKind::Leave) {
        worker.is_urgent = true;  // The leaving worker waits for this entry; the others do not.
    } else {
        urgent_end_ = log_.head();
    }
    return Verdict::GoOn;
}

// Notes the new name, unless the room has refused it.
void Sessions::note_name(WorkerState& worker) {
    const Member* const member = room_.members().by_session(worker.session);
    if (member == nullptr || member->name() == worker.name) return;
    const std::string old_name = std::exchange(worker.name, std::string(member->name()));
    observer_.renamed(worker, old_name);
}

// A worker may ask one question at a time: an honest worker waits for the answer.
bool Sessions::may_ask(WorkerState& worker) {
    if (worker.state != WorkerState::State::Member || worker.is_asking) return false;
    worker.is_asking = true;
    worker.is_urgent = true;
    return true;
}

Sessions::Verdict Sessions::answer_who(WorkerState& worker, std::string_view prefix, Now now) {
    if (!may_ask(worker)) return Verdict::End;
    const Members& members = room_.members();
    const std::uint32_t matching = members.count_matching(prefix);
    std::string& replies = worker.reader.replies;
    append_frame(replies,
                 People{.now_ms = now.wall_ms, .members = members.size(), .matching = matching},
                 prefix);
    for (const Member* const member : members.matching(prefix, kPeopleShown)) {
        append_frame(replies, person_of(*member, now.wall_ms), member->name(), member->peer());
    }
    append_frame(replies, Done{.left_out = matching - std::min(matching, kPeopleShown)});
    return Verdict::GoOn;
}

Sessions::Verdict Sessions::answer_replay(WorkerState& worker, std::uint32_t messages, Now now) {
    if (!may_ask(worker)) return Verdict::End;
    worker.reader.ask_replay(std::min(messages, kReplayMax), now.wall_ms);
    return Verdict::GoOn;
}

LogReader::Standing Sessions::standing_of(const WorkerState& worker) {
    const Member* const member = room_.members().by_session(worker.session);
    if (member == nullptr) return {.name = {}, .acked = kNoLongerMember};
    return {.name = member->name(), .acked = member->counter};
}

// --- The end -------------------------------------------------------------------------------------

// An honest worker keeps the rules, so this one has been taken over, and may not come back.
Sessions::Verdict Sessions::expel(WorkerState& worker, Now now) {
    observer_.broke_rules(worker);
    if (Member* const member = room_.members().by_session(worker.session)) {
        room_.remove(*member, LeaveReason::Expelled, 0, now.wall_ms);
    }
    worker.process.is_expelled = true;
    return dismiss(worker);
}

Sessions::Verdict Sessions::dismiss(WorkerState& worker) {
    append_frame(worker.reader.replies, Denied{Refusal::Removed});
    return Verdict::Dismiss;
}

void Sessions::worker_ended(const WorkerState* worker, const Ended& ended, Now now) {
    const WorkerEnd end = worker_end(ended.wait_status);
    Member* const member = room_.members().by_pid(ended.pid);
    const bool is_member = member != nullptr && member->birth_ns == ended.birth_ns;
    const auto born = born_.find(ended.pid);
    if (born != born_.end() && born->second.birth_ns == ended.birth_ns) born_.erase(born);
    std::string name = worker != nullptr ? worker->name : std::string();
    // The worker may have died before it came back to this broker.
    if (name.empty()) name = is_member ? member->name() : "(login)";
    if (is_member && !is_closing_) room_.remove(*member, end.reason, end.detail, now.wall_ms);
    observer_.ended(name, ended);
}

void Sessions::close_room(Now now) {
    if (is_closing_) return;
    is_closing_ = true;
    room_.close(now.wall_ms);
    urgent_end_ = log_.head();
}

}  // namespace chatd
