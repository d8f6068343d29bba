// Which command a line asks for. This file looks at the line alone, whoever typed it and whenever.
//
// Private words must not go to everybody because of how their command was typed. So spaces of any
// kind may stand around each word, letters and slashes may be full-width, and letters capital. In
// doubt nothing is said, and the writer is asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

enum class Verb : std::uint8_t {
    Say,       // no command
    SaySlash,  // // begins a text that begins with /
    Help,
    Who,
    Me,
    Msg,
    Reply,
    Nick,
    History,
    Time,
    Lang,
    Ps,
    Tree,
    Json,
    Quit,
    Unknown,  // a slash begins it
    InDoubt,  // no slash begins it, or more than one, but it may have been meant as a command
};

struct Command {
    Verb verb;
    std::string_view word;      // the command as typed, with its slash; empty for Say
    std::string_view argument;  // what follows, without spaces around it; what Say… says
};

// The result points into `line`, which must be clean. A line in double quotes is always said, so
// that there is a way to say what is in doubt. may_answer: somebody has told the client something,
// so "r yes" may lack its slash.
[[nodiscard]] Command parse_command(std::string_view line, bool may_answer = false);

// Is the first line of these bytes of a client, as they came, whole, and the command /json?
[[nodiscard]] bool begins_with_json(std::string_view bytes);

// The command, with its slash, that a client most likely meant by `word`, which is Unknown or
// InDoubt; none when no command is like it.
[[nodiscard]] std::optional<std::string_view> nearest_command(std::string_view word);

// The word as its writer sees it and means it: in small letters, with ASCII for full-width forms,
// one sort of slash, and nothing invisible.
[[nodiscard]] std::string as_meant(std::string_view word);

// Takes the first word off `text`, and the spaces before and after what is left of `text`. Empty
// when `text` begins with a space or is empty.
std::string_view take_word(std::string_view& text);

// Takes off `text` whom it is for, as people write that: "bob", "@bob", "bob:" or "bob,".
std::string_view take_addressee(std::string_view& text);

}  // namespace chatd
