// The client's screen: lines in the client's language. Only this file knows how a line looks; it
// must never decide whether a line is shown.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "protocol/frame.h"
#include "text/catalogue.h"

namespace chatd {

// Seconds east of Greenwich at a time in seconds since 1970, for all readers of this server.
using UtcOffset = std::int64_t (*)(std::int64_t time_s);

class Screen {
  public:
    Screen(Language language, UtcOffset utc_offset)
        : language_(language), utc_offset_(utc_offset) {}

    // The text to send to the client; the caller sends and erases it.
    std::string out;

    [[nodiscard]] Language language() const { return language_; }
    void set_language(Language language) { language_ = language; }
    void show_times(bool on) { times_shown_ = on; }  // before live events too
    // The broker's clock, in ms since 1970: times of another day are shown with their date.
    void set_now(std::int64_t now_ms) { now_ms_ = now_ms; }

    // Shows a hint, wrapped for a terminal of 80 columns; or with prompt() the beginning of a line
    // that the client ends.
    void line(Text text, std::initializer_list<std::string_view> fillings = {});
    void prompt() { append_text(out, language_, Text::Prompt); }

    // Tells a client once whose line is not UTF-8: others read U+FFFD for it.
    void explain_encoding(std::string_view line);

    // members: in the room, this one included. names: the first of them, with a space between two.
    void welcome(std::string_view name, std::uint32_t members, std::string_view names);
    void skipped(std::uint64_t messages);  // so many were lost to the client; at least 1

    // Shows what a member did, or a crowd. past: it is replayed, and its time is shown. Nothing is
    // shown for Refused and for kinds that this worker does not know. names: the text of the Crowd.
    void event(const Entry& entry, std::string_view name, std::string_view text, bool past);
    void crowd(const Crowd& crowd, std::string_view names);

    // Shows the answer to a question: frames of People and Person, or Replay. left_out: see Done.
    void answer(std::string_view frames, std::uint32_t left_out);
    void who_heading(const People& people, std::string_view prefix);  // see People

  private:
    // What happens in the room has one line, however long.
    void event_line(Text text, std::initializer_list<std::string_view> fillings = {});
    void begin_event(std::int64_t time_ms, bool past);
    void left(const Entry& entry, std::string_view name, std::string_view words);
    void some(Text few, Text many, std::uint32_t people, std::string_view names,
              std::string_view why);
    [[nodiscard]] std::string with_commas(std::string_view names) const;
    [[nodiscard]] std::string listed(std::string_view names) const;
    [[nodiscard]] std::string reason(LeaveReason reason, std::uint8_t detail) const;
    [[nodiscard]] std::string filled(Text text, std::string_view filling) const;
    [[nodiscard]] std::string clock(std::int64_t time_ms) const;

    Language language_;
    UtcOffset utc_offset_;
    bool times_shown_ = false;
    std::int64_t now_ms_ = 0;
    bool encoding_explained_ = false;
};

}  // namespace chatd
