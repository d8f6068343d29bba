#include "chat/event.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "text/clean.h"
#include "text/number.h"

namespace chatd {
namespace {

using Type = Event::Type;

constexpr std::array<std::pair<std::string_view, Type>, 21> kTypes{{
    {"hello", Type::Hello},     {"name?", Type::AskName},   {"welcome", Type::Welcome},
    {"join", Type::Join},       {"leave", Type::Leave},     {"crowd", Type::Crowd},
    {"say", Type::Say},         {"emote", Type::Emote},     {"tell", Type::Tell},
    {"rename", Type::Rename},   {"gap", Type::Gap},         {"past", Type::Past},
    {"closing", Type::Closing}, {"who", Type::Who},         {"person", Type::Person},
    {"ps", Type::Ps},           {"process", Type::Process}, {"self", Type::Self},
    {"end", Type::End},         {"notice", Type::Notice},   {"error", Type::Error},
}};

Type type_named(std::string_view name) {
    const auto* const found = std::ranges::find(kTypes, name, &decltype(kTypes)::value_type::first);
    return found == kTypes.end() ? Type::Unknown : found->second;
}

std::string clean_lines(std::string_view text) {
    std::string clean;
    for (;;) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        clean += clean_text(text.substr(0, end));
        if (end == text.size()) return clean;
        clean += '\n';
        text.remove_prefix(end + 1);
    }
}

// kJsonDepthMax bounds the recursion.
void clean_strings(Json& value, bool has_lines) {
    value.string = has_lines ? clean_lines(value.string) : clean_text(value.string);
    for (std::size_t i = 0; i < value.items.size(); ++i) {
        const bool is_text = i < value.names.size() && value.names[i] == "text";
        clean_strings(value.items[i], is_text && has_lines);
    }
}

std::uint64_t count_at(const Json& body, std::string_view name) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, body.integer_at(name)));
}

}  // namespace

std::optional<Event> Event::parse(std::string_view line) {
    std::optional<Json> body = parse_json(line);
    if (!body || body->kind != Json::Kind::Object) return std::nullopt;
    const Json* const type = body->member("type");
    if (type == nullptr || type->kind != Json::Kind::String) return std::nullopt;
    Event event;
    event.type = type_named(type->string);
    event.seq = count_at(*body, "seq");
    event.time_ms = parse_time(body->string_at("time"));
    event.line = count_at(*body, "line");
    event.past = body->flag_at("past");
    event.own = body->flag_at("own");
    event.body_ = std::move(*body);
    clean_strings(event.body_, event.type == Type::Notice || event.type == Type::Error);
    return event;
}

std::int64_t parse_time(std::string_view text) {
    using namespace std::chrono;
    constexpr std::string_view kForm = "0000-00-00T00:00:00.000Z";
    if (text.size() != kForm.size()) return 0;
    for (std::size_t i = 0; i < kForm.size(); ++i) {
        const bool is_digit = text[i] >= '0' && text[i] <= '9';
        if (kForm[i] == '0' ? !is_digit : text[i] != kForm[i]) return 0;
    }
    const auto number = [text](std::size_t at, std::size_t digits) {
        return parse_number<int>(text.substr(at, digits)).value_or(0);
    };
    const auto unsigned_number = [&](std::size_t at) {
        return static_cast<unsigned>(number(at, 2));
    };
    const year_month_day date(year(number(0, 4)), month(unsigned_number(5)),
                              day(unsigned_number(8)));
    if (!date.ok()) return 0;
    const auto time = sys_days(date).time_since_epoch() + hours(number(11, 2)) +
                      minutes(number(14, 2)) + seconds(number(17, 2)) + milliseconds(number(20, 3));
    return duration_cast<milliseconds>(time).count();
}

}  // namespace chatd
