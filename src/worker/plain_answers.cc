// The second part of PlainRenderer: answers to questions, lists of names, and times.
#include "worker/plain_renderer.h"

#include <chrono>

#include "worker/who_table.h"

namespace chatd {

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

}  // namespace chatd
