#include "worker/who_table.h"

#include <utility>

#include "base/bounds.h"

namespace chatd {

WhoTable::WhoTable(Language language)
    : language_(language),
      table_({{.heading = text_of(Text::WhoName, language), .columns_max = kNameColumnsMax},
              {.heading = text_of(Text::WhoPid, language), .align = Align::Right},
              {.heading = text_of(Text::WhoSince, language), .align = Align::Right},
              {.heading = text_of(Text::WhoIdle, language), .align = Align::Right},
              {.heading = text_of(Text::WhoAddress, language)}}) {}

void WhoTable::add(const Person& person, std::string_view name, std::string_view since,
                   std::string_view peer) {
    std::string idle = duration_text(language_, person.idle_ms);
    if (person.stopped != 0) idle.append(text_of(Text::WhoStopped, language_));
    table_.add({std::string(name), std::to_string(person.pid), std::string(since), std::move(idle),
                std::string(peer)});
}

std::string duration_text(Language language, std::int64_t time_ms) {
    constexpr std::int64_t kHour = 60 * 60;
    const std::int64_t time_s = time_ms < 0 ? 0 : time_ms / 1000;
    const auto in = [language](Text unit, std::int64_t number) {
        std::string text;
        append_text(text, language, unit, {std::to_string(number)});
        return text;
    };
    if (time_s < 60) return in(Text::Seconds, time_s);
    if (time_s < kHour) return in(Text::Minutes, time_s / 60);
    if (time_s < 24 * kHour) return in(Text::Hours, time_s / kHour);
    return in(Text::Days, time_s / (24 * kHour));
}

}  // namespace chatd
