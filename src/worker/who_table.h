// The table that answers /who: a row for each person, in the client's language.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/body.h"
#include "text/catalogue.h"
#include "text/table.h"

namespace chatd {

class WhoTable {
  public:
    explicit WhoTable(Language language);

    // since: when the person came, as the client reads times. peer: see Person.
    void add(const Person& person, std::string_view name, std::string_view since,
             std::string_view peer);

    // Appends the table, see Table; nothing when nobody was added.
    void append_to(std::string& out) const { table_.append_to(out); }

  private:
    Language language_;
    Table table_;
};

// "59 min": in its largest unit. A clock that was set back makes no time negative.
[[nodiscard]] std::string duration_text(Language language, std::int64_t time_ms);

}  // namespace chatd
