// A link to the broker, as a worker has it: for tests that send what no honest worker sends, and
// for tests that read the room's entries without a screen in between.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/frame.h"
#include "support/daemon.h"
#include "support/reader.h"

namespace chatd::test {

[[nodiscard]] Reader link_to(const Daemon& daemon);

// Sends as much as the broker takes at once. The broker may have closed the link already.
void send_all(const Reader& link, const std::string& bytes);

// The Attach frame of a newcomer with this name.
[[nodiscard]] std::string attach(const std::string& name);

// A member of the room without a worker, which reads the entries of the log.
class Watcher {
  public:
    // Returns when the member is in the room.
    Watcher(const Daemon& daemon, const std::string& name, Where where = Where::here());

    struct Event {
        Entry entry;
        std::string name;
        std::string text;
    };

    // All entries from the member's Join until now.
    [[nodiscard]] const std::vector<Event>& all(Where where = Where::here());

    void close() { link_.close(); }

  private:
    void read_until_done(const Where& where);

    Reader link_;
    std::vector<Event> events_;
};

}  // namespace chatd::test
