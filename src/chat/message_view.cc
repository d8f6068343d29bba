#include "chat/message_view.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/bounds.h"
#include "chat/local_time.h"

namespace chatd {
namespace {

using Type = Event::Type;

// SGR (ECMA-48, 8.3.117).
constexpr std::string_view kBold = "1";
constexpr std::string_view kDim = "2";
constexpr std::string_view kRed = "31";

// Neighbours differ in brightness too, so that people who do not see all colours tell them apart.
// Each has a contrast of at least 4.5 on its background (WCAG 2.2, 1.4.3). src/web/chat.css has the
// same ones.
constexpr std::array<std::uint8_t, kNameColours> kOnDark = {204, 209, 227, 184, 70,  157,
                                                            73,  195, 75,  105, 189, 170};
constexpr std::array<std::uint8_t, kNameColours> kOnLight = {125, 52, 22, 124, 61, 23,
                                                             18,  26, 55, 19,  57, 53};

char small(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_word_byte(char c) {
    return (small(c) >= 'a' && small(c) <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

std::size_t colour_of(std::string_view name) {
    std::uint32_t hash = 2166136261;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(small(c))) * 16777619;
    return hash % kNameColours;
}

std::uint8_t xterm_colour(std::size_t colour, bool on_light) {
    return (on_light ? kOnLight : kOnDark).at(colour);
}

bool mentions(std::string_view text, std::string_view name) {
    if (name.empty()) return false;
    const auto same = [](char a, char b) { return small(a) == small(b); };
    for (auto at = text.begin();; ++at) {
        at = std::search(at, text.end(), name.begin(), name.end(), same);
        if (at == text.end()) return false;
        const auto end = at + static_cast<std::ptrdiff_t>(name.size());
        const bool goes_on_before =
            at != text.begin() && is_word_byte(name.front()) && is_word_byte(at[-1]);
        const bool goes_on_after =
            end != text.end() && is_word_byte(name.back()) && is_word_byte(*end);
        if (!goes_on_before && !goes_on_after) return true;
    }
}

std::string without_paint(std::string_view text) {
    std::string plain;
    for (;;) {
        const std::size_t begin = std::min(text.find("\x1b["), text.size());
        plain.append(text.substr(0, begin));
        const std::size_t end = text.find('m', begin);
        if (end == std::string_view::npos) return plain;
        text.remove_prefix(end + 1);
    }
}

// --- What happens in the room --------------------------------------------------------------------

void MessageView::event(const Event& event) {
    switch (event.type) {
        case Type::Hello:
        case Type::AskName:
        case Type::Unknown: return;
        case Type::Welcome: return welcome(event);
        case Type::Join: begin(event); return dim(Text::Entered, {event.name()});
        case Type::Leave: begin(event); return left(event.name(), event);
        case Type::Crowd: return crowd(event);
        case Type::Say: return said(event);
        case Type::Emote: return emote(event);
        case Type::Tell: return tell(event);
        case Type::Rename:
            begin(event);
            return dim(Text::IsNowCalled, {event.name(), event.string("to")});
        case Type::Gap: return skipped(event.integer("messages"));
        case Type::Past: return note(event.string("state") == "begin" ? Word::Before : Word::Now);
        case Type::Closing: begin(event); return dim(Text::ServerCloses, {});
        case Type::Who:
        case Type::Person:
        case Type::Ps:
        case Type::Process:
        case Type::Self:
        case Type::End: out += answer_.add(event, language_); return;
        case Type::Notice: return painted_line(event.text(), kDim);
        case Type::Error: return painted_line(event.text(), kRed);
    }
}

void MessageView::said(const Event& event) {
    begin(event);
    out += painted_name(event.name()) + ": ";
    words(event, !event.own && mentions(event.text(), own_name_));
}

void MessageView::emote(const Event& event) {
    begin(event);
    out += "* " + painted_name(event.name()) + ' ';
    words(event, !event.own && mentions(event.text(), own_name_));
}

void MessageView::tell(const Event& event) {
    begin(event);
    const bool is_from_me = event.own || event.name() == own_name_;
    out += words_of(is_from_me ? Word::YouTell : Word::TellsYou, language_,
                    {painted_name(is_from_me ? event.string("to") : event.name())});
    words(event, !is_from_me);
}

void MessageView::words(const Event& event, bool calls) {
    out += calls ? painted(event.text(), kBold) : std::string(event.text());
    out += '\n';
    rings = rings || (calls && !event.past);
}

// Last words follow a colon and reasons stand in brackets, so that nobody can quit with words that
// look like a crash.
void MessageView::left(std::string_view name, const Event& event) {
    const std::string_view last_words = event.string("words");
    if (!last_words.empty()) return dim(Text::LeftWithWords, {name, last_words});
    const std::string why = reason(event);
    dim(why.empty() ? Text::Left : Text::LeftBecause, {name, why});
}

std::string MessageView::reason(const Event& event) const {
    const std::string_view why = event.string("reason");
    const std::string detail = std::to_string(event.integer("detail"));
    if (why == "lost") return filled(Text::BecauseLost, {});
    if (why == "removed") return filled(Text::BecauseRemoved, {});
    if (why == "killed") return filled(Text::BecauseKilled, {detail});
    if (why == "failed") return filled(Text::BecauseFailed, {detail});
    if (why == "expelled") return filled(Text::BecauseExpelled, {});
    if (why == "idle") return filled(Text::BecauseIdle, {});
    return {};
}

void MessageView::crowd(const Event& event) {
    const std::string why = reason(event);
    const auto show = [&](Text few, Text many, const char* people, const char* names) {
        if (event.integer(people) <= 0) return;
        begin(event);
        some(few, many, event.integer(people), event.strings(names), why);
    };
    show(Text::Entered, Text::ManyEntered, "joined", "names_joined");
    show(why.empty() ? Text::Left : Text::LeftBecause,
         why.empty() ? Text::ManyLeft : Text::ManyLeftBecause, "left", "names_left");
}

// few: the text that lists all names; many: the one with the number of others, and of all.
void MessageView::some(Text few, Text many, std::int64_t people,
                       const std::vector<std::string>& names, std::string_view why) {
    const std::int64_t others = people - static_cast<std::int64_t>(names.size());
    if (others <= 0) return dim(few, {listed(names, Text::LastComma), why});
    dim(many, {listed(names, Text::Comma), std::to_string(others), std::to_string(people), why});
}

void MessageView::welcome(const Event& event) {
    note(Word::YouAreIn, {event.name()});
    const std::vector<std::string> names = event.strings("names");
    const std::int64_t members = event.integer("members");
    if (members <= 1) return note(Word::OnlyOne);
    const bool all_named = static_cast<std::int64_t>(names.size()) >= members;
    note(all_named ? Word::PeopleHere : Word::PeopleHereAndOthers,
         {std::to_string(members), listed(names, Text::Comma)});
}

// --- Lines ---------------------------------------------------------------------------------------

void MessageView::skipped(std::int64_t messages) {
    dim(messages == 1 ? Text::OneSkipped : Text::Skipped, {std::to_string(messages)});
}

void MessageView::note(Word word, std::initializer_list<std::string_view> fillings) {
    painted_line(words_of(word, language_, fillings), kDim);
}

void MessageView::line(std::string_view clean) {
    out.append(clean) += '\n';
}

void MessageView::begin(const Event& event) {
    if (event.time_ms == 0) return;
    using namespace std::chrono;
    const sys_days day = floor<days>(sys_seconds(seconds(local_s(event.time_ms, utc_offset_))));
    const std::int64_t number = day.time_since_epoch().count();
    const std::int64_t before = std::exchange(day_, number);
    if (before != number) {
        const year_month_day date(day);
        note(Word::Day, {std::to_string(static_cast<int>(date.year())) + '-' +
                         two_digits(static_cast<unsigned>(date.month())) + '-' +
                         two_digits(static_cast<unsigned>(date.day()))});
    }
    out += painted(local_clock(event.time_ms, utc_offset_), kDim) + ' ';
}

void MessageView::dim(Text text, std::initializer_list<std::string_view> fillings) {
    painted_line(filled(text, fillings), kDim);
}

// Each line is painted for itself: a terminal may be read back line by line.
void MessageView::painted_line(std::string_view text, std::string_view paint) {
    for (;;) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        out += painted(text.substr(0, end), paint) + '\n';
        if (end == text.size()) return;
        text.remove_prefix(end + 1);
    }
}

std::string MessageView::filled(Text text, std::initializer_list<std::string_view> fillings) const {
    std::string result;
    append_text(result, language_, text, fillings);
    return result;
}

std::string MessageView::painted(std::string_view text, std::string_view paint) const {
    const bool is_colour = paint != kBold && paint != kDim;
    if (paint_ == Paint::None || (is_colour && paint_ != Paint::Colours)) return std::string(text);
    return "\x1b[" + std::string(paint) + 'm' + std::string(text) + "\x1b[0m";
}

// The user's own name is bold as well.
std::string MessageView::painted_name(std::string_view name) const {
    const bool is_own = name == own_name_;
    if (paint_ != Paint::Colours) return is_own ? painted(name, kBold) : std::string(name);
    const std::string colour = "38;5;" + std::to_string(xterm_colour(colour_of(name), on_light_));
    return painted(name, is_own ? "1;" + colour : colour);
}

std::string MessageView::listed(const std::vector<std::string>& names, Text last) const {
    std::string list;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i != 0) list += text_of(i + 1 == names.size() ? last : Text::Comma, language_);
        list += names[i];
    }
    return list;
}

}  // namespace chatd
