// The user's lines that the server has not confirmed. A line is here until the client reads it back
// as its own, or reads why it was not said; after a break what is left is sent once more, if
// everybody may read it. This file must never know when to send.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

// What a line is, as the server judges it too (text/command_parser.h).
enum class LineKind : std::uint8_t {
    Said,     // everybody reads it: plain words, //text, /me
    Private,  // one person reads it, or was meant to: /msg, /r, and what may be one of them
    Command,  // nobody reads it, and it is never sent twice
    Quit,     // /quit and its like
};
[[nodiscard]] LineKind kind_of(std::string_view line);

class Outbox {
  public:
    // False: kOutboxLinesMax lines are here already, and this one is not taken.
    [[nodiscard]] bool add(std::string line);

    // The next line that was not sent on this connection, to be sent by somebody of this name. It
    // is number `number` of the lines that were: see "line" in chatd-json.7.
    [[nodiscard]] std::optional<std::string> take_next(std::uint64_t number, std::string_view name);

    // The server has said this line, or refused to.
    void settled(std::uint64_t number);

    // Something answers this line. The server handles lines in their order, so all commands up to
    // it are done; what people shall read may still be on its way to them.
    void answered(std::uint64_t number);

    // The connection is broken. Returns the private lines that were sent: they may have been read
    // or not, and are forgotten here, as are commands.
    [[nodiscard]] std::vector<std::string> cut_off();

    // Somebody of this name has said this while the client was away. When it is a line that was
    // sent under the name before the break, it was said, and is forgotten.
    void found(std::string_view name, std::string_view text, bool is_emote);

    // Forgets the lines that were sent before the break and not found since, and returns them:
    // for a server that cannot tell whether they were said.
    [[nodiscard]] std::vector<std::string> take_unsure();

    // Lines that people shall read and that are not settled.
    [[nodiscard]] std::size_t waiting() const;
    // All lines: those, and commands.
    [[nodiscard]] std::size_t size() const { return lines_.size(); }

  private:
    struct Line {
        std::string text;
        LineKind kind;
        std::uint64_t number = 0;  // on this connection; 0: it was not sent yet
        std::string sent_as = {};  // the user's name then; empty: it was never sent
    };

    std::deque<Line> lines_;
};

}  // namespace chatd
