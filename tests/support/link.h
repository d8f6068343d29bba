// The broker's socket, as a worker has it: for what no honest worker sends, and to see the room
// itself, without a screen in between.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/frame.h"
#include "support/daemon.h"
#include "support/reader.h"

namespace chatd::test {

[[nodiscard]] Reader link_to(const Daemon& daemon);

// As much as the broker takes; it may have closed the link already.
void send_all(const Reader& link, const std::string& bytes);

// The frame of a newcomer.
[[nodiscard]] std::string attach(const std::string& name);

// A member that has no worker, and reads the room's log.
class Watcher {
  public:
    // Returns once it is in.
    Watcher(const Daemon& daemon, const std::string& name);

    struct Event {
        Entry entry;
        std::string name;
        std::string text;
    };

    // All entries that there are by now, from its own Join on.
    [[nodiscard]] const std::vector<Event>& all();

    void close() { link_.close(); }

  private:
    void read_until_done();

    Reader link_;
    std::vector<Event> events_;
};

}  // namespace chatd::test
