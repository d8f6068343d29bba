#include "chat/answer_table.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "base/bounds.h"

namespace chatd {
namespace {

using Type = Event::Type;

std::string filled(Text text, Language language, std::initializer_list<std::string_view> fillings) {
    std::string result;
    append_text(result, language, text, fillings);
    return result;
}

std::string hint(Text text, Language language, std::initializer_list<std::string_view> fillings) {
    return filled(text, language, fillings) + '\n';
}

std::string number(const Event& event, std::string_view member) {
    return std::to_string(event.integer(member));
}

std::string duration(std::int64_t time_ms, Language language) {
    constexpr std::int64_t kHour = 60 * 60;
    const std::int64_t time_s = std::max<std::int64_t>(0, time_ms) / 1000;
    const auto in = [language](Text unit, std::int64_t units) {
        return filled(unit, language, {std::to_string(units)});
    };
    if (time_s < 60) return in(Text::Seconds, time_s);
    if (time_s < kHour) return in(Text::Minutes, time_s / 60);
    if (time_s < 24 * kHour) return in(Text::Hours, time_s / kHour);
    return in(Text::Days, time_s / (24 * kHour));
}

std::string self_lines(const Event& event, Language language) {
    return hint(Text::PsOwn, language,
                {number(event, "voluntary"), number(event, "involuntary"), number(event, "files"),
                 number(event, "links"), number(event, "unread"), number(event, "unconfirmed")});
}

}  // namespace

std::string AnswerTable::add(const Event& event, Language language) {
    switch (event.type) {
        case Type::Who: return begin_who(event, language);
        case Type::Ps: return begin_ps(event, language);
        case Type::Person: add_person(event, language); return {};
        case Type::Process: add_process(event, language); return {};
        case Type::Self: below_ = self_lines(event, language); return {};
        case Type::End: return end(event, language);
        default: return {};
    }
}

std::string AnswerTable::begin_who(const Event& event, Language language) {
    const auto heading = [language](Text text) { return text_of(text, language); };
    processes_.reset();
    people_ = Table({{.heading = heading(Text::WhoName), .columns_max = kNameColumnsMax},
                     {.heading = heading(Text::WhoPid), .align = Align::Right},
                     {.heading = heading(Text::WhoSince), .align = Align::Right},
                     {.heading = heading(Text::WhoIdle), .align = Align::Right},
                     {.heading = heading(Text::WhoAddress)}});
    const std::string members = number(event, "members");
    const std::string matching = number(event, "matching");
    const std::string_view prefix = event.string("prefix");
    if (prefix.empty()) {
        return hint(members == "1" ? Text::WhoOne : Text::WhoAll, language, {members});
    }
    if (matching == "0") return hint(Text::WhoNobody, language, {prefix});
    return hint(Text::WhoMatching, language, {matching, members, prefix});
}

void AnswerTable::add_person(const Event& event, Language language) {
    if (!people_) return;
    std::string idle = duration(event.integer("idle_ms"), language);
    if (event.flag("stopped")) idle += text_of(Text::WhoStopped, language);
    people_->add({std::string(event.name()), number(event, "pid"),
                  local_clock(parse_time(event.string("since")), utc_offset_), std::move(idle),
                  std::string(event.string("address"))});
}

std::string AnswerTable::begin_ps(const Event& event, Language language) {
    const auto heading = [language](Text text) { return text_of(text, language); };
    people_.reset();
    processes_ = Table({{.heading = heading(Text::WhoPid), .align = Align::Right},
                        {.heading = heading(Text::PsParent), .align = Align::Right},
                        {.heading = heading(Text::PsRole)},
                        {.heading = heading(Text::PsStat)},
                        {.heading = heading(Text::PsCpu), .align = Align::Right},
                        {.heading = "KiB", .align = Align::Right},
                        {.heading = "ni", .align = Align::Right},
                        {.heading = heading(Text::PsAge), .align = Align::Right},
                        {.heading = heading(Text::WhoName)}});
    const std::string all = number(event, "processes");
    const std::string_view prefix = event.string("prefix");
    if (prefix.empty()) return hint(Text::PsProcesses, language, {all});
    return hint(Text::PsMatching, language, {number(event, "matching"), all, prefix});
}

void AnswerTable::add_process(const Event& event, Language language) {
    if (!processes_) return;
    const std::int64_t cpu_ms = event.integer("cpu_ms");
    std::string name(event.name().empty() ? "-" : event.name());
    // The system call in which it waits is told of one process alone, and needs no column.
    if (!event.string("call").empty()) name.append("  ").append(event.string("call"));
    processes_->add({number(event, "pid"), number(event, "ppid"), std::string(event.string("role")),
                     std::string(event.string("stat")),
                     std::to_string(cpu_ms / 1000) + '.' + two_digits(cpu_ms / 10 % 100),
                     number(event, "memory_kib"), number(event, "nice"),
                     duration(event.integer("age_ms"), language), std::move(name)});
}

std::string AnswerTable::end(const Event& event, Language language) {
    std::string lines;
    for (std::optional<Table>* const table : {&people_, &processes_}) {
        if (*table) (*table)->append_to(lines);
        table->reset();
    }
    lines += std::exchange(below_, {});
    if (event.integer("left_out") <= 0) return lines;
    const Text more = event.string("of") == "who" ? Text::WhoMore : Text::PsMore;
    return lines + hint(more, language, {number(event, "left_out")});
}

}  // namespace chatd
