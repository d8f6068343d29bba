// How what happens looks on a terminal: lines with times, colours and words in the user's language.
// This file must never decide whether something is shown. Text comes in clean (see Event) and
// leaves with no sequences but those for colours (ECMA-48, SGR).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/answer_table.h"
#include "chat/event.h"
#include "chat/local_time.h"
#include "chat/words.h"
#include "text/catalogue.h"

namespace chatd {

// None: plain text. Attributes: bold and dim, for those who set NO_COLOR (https://no-color.org).
enum class Paint : std::uint8_t { None, Attributes, Colours };

// The colour of a name, from 0 to kNameColours - 1: FNV-1a of 32 bits over its bytes, in which only
// the letters of ASCII are made small. The page in the browser counts in the same way.
[[nodiscard]] std::size_t colour_of(std::string_view name);

// That colour among the 256 of xterm, on a light or on a dark background. The page has the same.
[[nodiscard]] std::uint8_t xterm_colour(std::size_t colour, bool on_light);

// Does `text` speak to `name`? It has the name in it, in any case of ASCII, and not as a part of a
// longer word of ASCII.
[[nodiscard]] bool mentions(std::string_view text, std::string_view name);

// The text without what paints it: for a file.
[[nodiscard]] std::string without_paint(std::string_view text);

class MessageView {
  public:
    MessageView(Language language, Paint paint, UtcOffset utc_offset)
        : language_(language), paint_(paint), utc_offset_(utc_offset), answer_(utc_offset) {}

    // Whole lines for the terminal; the caller shows and erases them.
    std::string out;
    bool rings = false;  // something in them calls the user; the caller rings and resets this

    [[nodiscard]] Language language() const { return language_; }
    void set_language(Language language) { language_ = language; }
    // A terminal's background is taken for dark until this is told.
    void set_background(bool is_light) { on_light_ = is_light; }
    void set_own_name(std::string name) { own_name_ = std::move(name); }

    // What the server tells. Only what has something to show does show; the rows of a table come
    // with their end.
    void event(const Event& event);

    void skipped(std::int64_t messages);  // so many are lost to the user; at least 1
    void note(Word word, std::initializer_list<std::string_view> fillings = {});
    void line(std::string_view clean);  // of a server that sends plain lines

  private:
    void said(const Event& event);
    void emote(const Event& event);
    void tell(const Event& event);
    void left(std::string_view name, const Event& event);
    void crowd(const Event& event);
    void some(Text few, Text many, std::int64_t people, const std::vector<std::string>& names,
              std::string_view why);
    void welcome(const Event& event);

    void begin(const Event& event);  // the time, and the day before it
    void dim(Text text, std::initializer_list<std::string_view> fillings);
    void painted_line(std::string_view text, std::string_view paint);
    void words(const Event& event, bool calls);  // the text, bold when it calls the user

    [[nodiscard]] std::string filled(Text text,
                                     std::initializer_list<std::string_view> fillings) const;
    [[nodiscard]] std::string painted(std::string_view text, std::string_view paint) const;
    [[nodiscard]] std::string painted_name(std::string_view name) const;
    [[nodiscard]] std::string reason(const Event& event) const;
    [[nodiscard]] std::string listed(const std::vector<std::string>& names, Text last) const;

    Language language_;
    Paint paint_;
    bool on_light_ = false;
    UtcOffset utc_offset_;
    std::string own_name_;
    std::int64_t day_ = 0;  // of the line that was shown last, since 1970, in local time; 0: none
    AnswerTable answer_;
};

}  // namespace chatd
