// The client's screen: the bytes that it is sent, what it has chosen for itself, and the renderer
// of its tongue, which writes the bytes: `screen->line(…)`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "text/catalogue.h"
#include "worker/renderer.h"

namespace chatd {

// Seconds east of Greenwich at a time in seconds since 1970, for all readers of this server.
using UtcOffset = std::int64_t (*)(std::int64_t time_s);

class Screen {
  public:
    // The tongue is plain.
    Screen(Language language, UtcOffset utc_offset);

    // What is to be sent to the client; the caller sends and erases it.
    std::string out;

    Renderer* operator->() { return renderer_.get(); }
    // The renderer must write to this screen.
    void speak(std::unique_ptr<Renderer> renderer) { renderer_ = std::move(renderer); }

    [[nodiscard]] Language language() const { return language_; }
    void set_language(Language language) { language_ = language; }

    void show_times(bool on) { shows_times_ = on; }  // before live events too
    [[nodiscard]] bool shows_times() const { return shows_times_; }

    // The broker's clock, in ms since 1970: times of another day are shown with their date.
    void set_now(std::int64_t now_ms) { now_ms_ = now_ms; }
    [[nodiscard]] std::int64_t now_ms() const { return now_ms_; }
    // In seconds: UTC plus the offset at that time is the time that the client reads.
    [[nodiscard]] std::int64_t utc_offset_at(std::int64_t time_s) const {
        return utc_offset_(time_s);
    }

    // Tells a client once whose line is not UTF-8: others read U+FFFD for it.
    void explain_encoding(std::string_view line);

    // Which of the client's lines what is shown next answers, from 1; 0: none.
    void answers(std::uint64_t line) { answered_line_ = line; }
    [[nodiscard]] std::uint64_t answered_line() const { return answered_line_; }

  private:
    std::unique_ptr<Renderer> renderer_;
    Language language_;
    UtcOffset utc_offset_;
    bool shows_times_ = false;
    std::int64_t now_ms_ = 0;
    bool encoding_explained_ = false;
    std::uint64_t answered_line_ = 0;
};

}  // namespace chatd
