#include "worker/plain_renderer.h"

#include <algorithm>

#include "base/bounds.h"
#include "log/crowd.h"
#include "protocol/describe.h"
#include "text/encoding.h"
#include "text/width.h"

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

std::string PlainRenderer::filled(Text text, std::string_view filling) const {
    std::string result;
    append_text(result, screen_.language(), text, {filling});
    return result;
}

void PlainRenderer::gap(const Gap& gap, std::string_view /*name*/) {
    if (gap.messages == 0) return;
    line(gap.messages == 1 ? Text::OneSkipped : Text::Skipped, {std::to_string(gap.messages)});
}

}  // namespace chatd
