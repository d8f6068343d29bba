#include "worker/plain_renderer.h"

#include <algorithm>
#include <chrono>

#include "base/bounds.h"
#include "log/crowd.h"
#include "protocol/describe.h"
#include "text/encoding.h"
#include "text/width.h"
#include "worker/who_table.h"

namespace chatd {

void PlainRenderer::line(Text text, std::initializer_list<std::string_view> fillings) {
    std::string hint;
    append_text(hint, screen_.language(), text, fillings);
    hint = wrapped(hint, kRowColumnsMax) + '\n';
    trace_text("makes text", hint);
    screen_.out += hint;
}

void PlainRenderer::event_line(Text text, std::initializer_list<std::string_view> fillings) {
    const std::size_t begin = screen_.out.size();
    append_text(screen_.out, screen_.language(), text, fillings);
    screen_.out += '\n';
    trace_text("makes text", std::string_view(screen_.out).substr(begin));
}

void PlainRenderer::prompt() {
    append_text(screen_.out, screen_.language(), Text::Prompt);
}

void PlainRenderer::not_utf8(Encoding encoding) {
    line(Text::NotUtf8, {});
    screen_.out += advice_in(encoding);
}

void PlainRenderer::welcome(const Welcome& welcome, std::string_view name, std::string_view names) {
    const std::uint32_t members = welcome.members;
    if (members <= 1) return line(Text::WelcomeAlone, {name});
    const Text text = members <= kNamesShown ? Text::Welcome : Text::WelcomeCrowd;
    line(text, {name, std::to_string(members), with_commas(names)});
}

void PlainRenderer::event(const Entry& entry, std::string_view name, std::string_view text,
                          bool past) {
    // Other kinds may come from a broker that is newer than this worker.
    if (entry.kind == EntryKind::Refused || entry.kind > EntryKind::Closing) return;
    if (!past) screen_.set_now(entry.time_ms);
    begin_event(entry.time_ms, past);
    switch (entry.kind) {
        case EntryKind::Join: return event_line(Text::Entered, {name});
        case EntryKind::Leave: return left(entry, name, text);
        case EntryKind::Say: return event_line(Text::Says, {name, text});
        case EntryKind::Emote: return event_line(Text::Does, {name, text});
        case EntryKind::Tell: return event_line(Text::TellsYou, {name, text});
        case EntryKind::Rename: return event_line(Text::IsNowCalled, {name, text});
        case EntryKind::Closing: return event_line(Text::ServerCloses);
        case EntryKind::Refused: return;
    }
}

void PlainRenderer::own(const Entry& entry, std::string_view name, std::string_view text,
                        std::string_view /*to*/) {
    if (entry.kind == EntryKind::Rename) line(Text::YouAreNowCalled, {text});
    if (entry.kind == EntryKind::Tell && entry.to == entry.from) event(entry, name, text, false);
}

void PlainRenderer::begin_event(std::int64_t time_ms, bool past) {
    if (!past && !screen_.shows_times()) return;
    screen_.out += '[';
    screen_.out += clock(time_ms);
    screen_.out += "] ";
}

// Last words follow a colon and reasons stand in brackets, so that nobody can quit with words that
// look like a crash.
void PlainRenderer::left(const Entry& entry, std::string_view name, std::string_view words) {
    if (!words.empty()) return event_line(Text::LeftWithWords, {name, words});
    const std::string why = reason(static_cast<LeaveReason>(entry.reason), entry.detail);
    event_line(why.empty() ? Text::Left : Text::LeftBecause, {name, why});
}

std::string PlainRenderer::reason(LeaveReason why, std::uint8_t number) const {
    const std::string detail = std::to_string(number);
    switch (why) {
        case LeaveReason::Quit: return {};
        case LeaveReason::Lost: return filled(Text::BecauseLost, {});
        case LeaveReason::Removed: return filled(Text::BecauseRemoved, {});
        case LeaveReason::Killed: return filled(Text::BecauseKilled, detail);
        case LeaveReason::Failed: return filled(Text::BecauseFailed, detail);
        case LeaveReason::Expelled: return filled(Text::BecauseExpelled, {});
        case LeaveReason::Idle: return filled(Text::BecauseIdle, {});
    }
    return {};
}

// Those who came are named first: see crowds_between().
void PlainRenderer::crowd(const Crowd& crowd, std::string_view names) {
    screen_.set_now(crowd.time_ms);
    const std::string_view entered = take_names(names, named_of(crowd.entered));
    const std::string why = reason(crowd.reason, crowd.detail);
    const bool has_reason = !why.empty();
    some(Text::Entered, Text::ManyEntered, crowd.entered, entered, {});
    some(has_reason ? Text::LeftBecause : Text::Left,
         has_reason ? Text::ManyLeftBecause : Text::ManyLeft, crowd.left, names, why);
}

// few: the text that lists all names; many: the one with the number of others, and of all.
void PlainRenderer::some(Text few, Text many, std::uint32_t people, std::string_view names,
                         std::string_view why) {
    if (people == 0) return;
    begin_event(screen_.now_ms(), false);
    const std::uint32_t others = people - named_of(people);
    if (others == 0) return event_line(few, {listed(names), why});
    event_line(many, {with_commas(names), std::to_string(others), std::to_string(people), why});
}

// "alice, bob, carol".
std::string PlainRenderer::with_commas(std::string_view names) const {
    std::string list;
    for (const char c : names) {
        c == ' ' ? list.append(text_of(Text::Comma, screen_.language())) : list.append(1, c);
    }
    return list;
}

// "alice, bob and carol".
std::string PlainRenderer::listed(std::string_view names) const {
    const std::size_t last = names.rfind(' ');
    if (last == std::string_view::npos) return std::string(names);
    std::string list = with_commas(names.substr(0, last));
    return list.append(text_of(Text::LastComma, screen_.language())).append(names.substr(last + 1));
}

std::string PlainRenderer::filled(Text text, std::string_view filling) const {
    std::string result;
    append_text(result, screen_.language(), text, {filling});
    return result;
}

void PlainRenderer::answer(std::string_view frames, std::uint32_t left_out) {
    WhoTable people(screen_.language());
    for (Frame frame{}; take_frame(frames, frame) == FrameStatus::Whole;) {
        if (frame.type == FrameType::People) {
            who_heading(frame.as<People>(), frame.name);
        } else if (frame.type == FrameType::Person) {
            const auto person = frame.as<Person>();
            people.add(person, frame.name, clock(person.since_ms), frame.text);
        } else if (frame.as<Replay>().messages == 0) {
            line(Text::NoHistory, {});
        }
    }
    people.append_to(screen_.out);
    if (left_out != 0) line(Text::WhoMore, {std::to_string(left_out)});
}

void PlainRenderer::who_heading(const People& people, std::string_view prefix) {
    screen_.set_now(people.now_ms);
    const std::string members = std::to_string(people.members);
    if (prefix.empty()) return line(people.members == 1 ? Text::WhoOne : Text::WhoAll, {members});
    if (people.matching == 0) return line(Text::WhoNobody, {prefix});
    line(Text::WhoMatching, {std::to_string(people.matching), members, prefix});
}

void PlainRenderer::gap(const Gap& gap, std::string_view /*name*/) {
    if (gap.messages == 0) return;
    line(gap.messages == 1 ? Text::OneSkipped : Text::Skipped, {std::to_string(gap.messages)});
}

void PlainRenderer::processes(const ProcessAnswer& answer) {
    ps_heading(answer);
    if (answer.as_tree) return append_ps_tree(screen_.out, answer.processes);
    append_ps_table(screen_.out, screen_.language(), answer.processes);
    for (const ProcessNews& process : answer.processes) {
        if (answer.is_asked_for(process)) {
            append_ps_details(screen_.out, screen_.language(), process, answer.own);
        }
    }
    if (answer.left_out != 0) line(Text::PsMore, {std::to_string(answer.left_out)});
}

void PlainRenderer::ps_heading(const ProcessAnswer& answer) {
    if (!answer.counts) return;
    const std::string all = std::to_string(answer.counts->processes);
    if (answer.prefix.empty()) {
        if (!answer.as_tree) line(Text::PsProcesses, {all});
    } else if (answer.counts->matching == 0) {
        line(Text::WhoNobody, {answer.prefix});
    } else {
        line(Text::PsMatching, {std::to_string(answer.counts->matching), all, answer.prefix});
    }
}

// "14:02"; on another day than today "11-20 14:02".
std::string PlainRenderer::clock(std::int64_t time_ms) const {
    using namespace std::chrono;
    const auto local = [this](std::int64_t ms) {
        const std::int64_t utc_s = ms / 1000;
        return sys_seconds(seconds(utc_s + screen_.utc_offset_at(utc_s)));
    };
    const auto two_digits = [](auto number) { return std::to_string(100 + number).substr(1); };
    const sys_days day = floor<days>(local(time_ms));
    const hh_mm_ss of_day(local(time_ms) - day);
    const std::string time =
        two_digits(of_day.hours().count()) + ':' + two_digits(of_day.minutes().count());
    const std::int64_t now_ms = screen_.now_ms();
    if (now_ms == 0 || floor<days>(local(now_ms)) == day) return time;
    const year_month_day date(day);
    return two_digits(static_cast<unsigned>(date.month())) + '-' +
           two_digits(static_cast<unsigned>(date.day())) + ' ' + time;
}

}  // namespace chatd
