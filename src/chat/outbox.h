// The user's lines that the server has not confirmed. A line is here until the client reads it back
// as its own, or reads why it was not said; after a break what is left is sent once more. This file
// must never know when to send.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

// What a line is, judged from how it begins.
enum class LineKind : std::uint8_t {
    Said,     // everybody reads it: plain words, //text, /me
    Private,  // one person reads it: /msg, /r and what people type for them
    Command,  // all others: nobody reads them, and they are never sent twice
    Quit,     // /quit and its like
};
[[nodiscard]] LineKind kind_of(std::string_view line);

class Outbox {
  public:
    // False: kOutboxLinesMax lines are here already, and this one is not taken.
    [[nodiscard]] bool add(std::string line);

    // The next line that was not sent on this connection. It is number `number` of the lines that
    // were: see "line" in chatd-json.7. A Command is forgotten once it was taken here.
    [[nodiscard]] std::optional<std::string> take_next(std::uint64_t number);

    // The server has said this line, or refused to. False: it is none of those here.
    bool settled(std::uint64_t number);

    // The connection is broken. Returns the private lines that were sent: they may have been read
    // or not, and are forgotten here.
    [[nodiscard]] std::vector<std::string> cut_off();

    // Somebody of the user's name has said this while the client was away. When it is a line that
    // was sent before the break, it was said, and is forgotten.
    void found(std::string_view text, bool is_emote);

    // Lines that people shall read and that are not settled.
    [[nodiscard]] std::size_t waiting() const;
    [[nodiscard]] bool empty() const { return lines_.empty(); }

  private:
    struct Line {
        std::string text;
        LineKind kind;
        std::uint64_t number = 0;  // on this connection; 0: it was not sent yet
        bool was_sent = false;     // on this connection or on one before
    };

    std::deque<Line> lines_;
};

}  // namespace chatd
