// What a line that a client typed asks for. Looks at the line alone: it must never know who typed
// it, or in which state of the conversation.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace chatd {

enum class Verb : std::uint8_t {
    Say,  // not a command; or one after // to say a line that begins with /
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
    std::string_view argument;  // what follows, without the spaces around it; of Say: the text
};

// The result looks into `line`. Commands are known whatever their case.
[[nodiscard]] Command parse_command(std::string_view line);

// The command that somebody who typed `word` most likely meant, with its slash.
[[nodiscard]] std::optional<std::string_view> nearest_command(std::string_view word);

// Cuts the first word off `text`, and the spaces after it.
std::string_view take_word(std::string_view& text);

}  // namespace chatd
