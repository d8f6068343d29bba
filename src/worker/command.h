// What a line that a client typed asks for. This file looks at the line alone: it must never know
// who typed the line, or in which state the conversation is.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace chatd {

enum class Verb : std::uint8_t {
    Say,  // no command; // begins a text that begins with /
    Help,
    Who,
    Me,
    Msg,
    Reply,
    Nick,
    History,
    Time,
    Lang,
    Quit,
    Unknown,
};

struct Command {
    Verb verb;
    std::string_view word;      // the command as typed, with its slash; empty for Say
    std::string_view argument;  // what follows, without spaces around it; of Say: the text
};

// The result points into `line`. Commands are known whatever the case of their letters.
[[nodiscard]] Command parse_command(std::string_view line);

// The command, with its slash, that a client most likely meant by the unknown `word`; nothing when
// none is like it.
[[nodiscard]] std::optional<std::string_view> nearest_command(std::string_view word);

// Takes the first word off the front of `text`, and the spaces around it.
std::string_view take_word(std::string_view& text);

}  // namespace chatd
