// The answers to /who, /ps and /tree: many objects become one table. This file must never show a
// row before the last one has come, because the columns are as wide as their widest cell.
#pragma once

#include <optional>
#include <string>

#include "chat/event.h"
#include "chat/local_time.h"
#include "text/catalogue.h"
#include "text/table.h"

namespace chatd {

class AnswerTable {
  public:
    explicit AnswerTable(UtcOffset utc_offset) : utc_offset_(utc_offset) {}

    // Takes an event of type Who, Person, Ps, Process, Self or End; all others are ignored. Returns
    // whole lines to show now: headings at once, all rows with the end.
    [[nodiscard]] std::string add(const Event& event, Language language);

  private:
    [[nodiscard]] std::string begin_who(const Event& event, Language language);
    [[nodiscard]] std::string begin_ps(const Event& event, Language language);
    void add_person(const Event& event, Language language);
    void add_process(const Event& event, Language language);
    [[nodiscard]] std::string end(const Event& event, Language language);

    UtcOffset utc_offset_;
    // Of an answer that has not ended: at most one of the two. A row of the other sort, which no
    // honest server sends, is dropped.
    std::optional<Table> people_;
    std::optional<Table> processes_;
    std::string below_;  // lines below that table
};

}  // namespace chatd
