// What the server tells, as chatd-json.7 defines it: one JSON object becomes one Event. Whatever a
// server sends, each string of an Event may be shown on a terminal: it is cleaned here, and nowhere
// else. This file must never decide what is shown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/json_reader.h"

namespace chatd {

class Event {
  public:
    enum class Type : std::uint8_t {
        Hello,
        AskName,  // "name?"
        Welcome,
        Join,
        Leave,
        Crowd,
        Say,
        Emote,
        Tell,
        Rename,
        Gap,
        Past,
        Closing,
        Who,
        Person,
        Ps,
        Process,
        Self,
        End,
        Notice,
        Error,
        Unknown,  // of a later version
    };

    // None when the line is no JSON object with a type.
    [[nodiscard]] static std::optional<Event> parse(std::string_view line);

    Type type = Type::Unknown;
    std::uint64_t seq = 0;     // 0: it has none
    std::int64_t time_ms = 0;  // since 1970; 0: it has none
    std::uint64_t line = 0;    // which of the client's lines this answers; 0: none
    bool past = false;
    bool own = false;

    // Other members. What is missing is "", 0 and false. Only notice and error have line feeds in
    // their text.
    [[nodiscard]] std::string_view name() const { return body_.string_at("name"); }
    [[nodiscard]] std::string_view text() const { return body_.string_at("text"); }
    [[nodiscard]] std::string_view code() const { return body_.string_at("code"); }
    [[nodiscard]] std::string_view string(std::string_view member) const {
        return body_.string_at(member);
    }
    [[nodiscard]] std::int64_t integer(std::string_view member) const {
        return body_.integer_at(member);
    }
    [[nodiscard]] bool flag(std::string_view member) const { return body_.flag_at(member); }
    [[nodiscard]] std::vector<std::string> strings(std::string_view member) const {
        return body_.strings_at(member);
    }

  private:
    Json body_;
};

// "2026-11-26T18:05:31.204Z" as milliseconds since 1970; 0 when it is no such time (ISO 8601, in
// UTC, with three digits after the seconds).
[[nodiscard]] std::int64_t parse_time(std::string_view text);

}  // namespace chatd
