// Abusers of the chaos run: processes that do, as fast as they can, what strangers do to a room on
// an open port. Each has a loopback address of its own. They
// say nothing to all, so that the room's order stays what the oracle knows; whoever reads of them
// can tell them by their names.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "support/fd.h"

namespace chatd::test {

class Abusers {
  public:
    // Starts so many, which wait for begin(). Each does one thing after the other and begins with
    // another one, so twelve do all twelve from the start. They end with this process, or with
    // stop().
    Abusers(std::uint16_t port, unsigned count);
    ~Abusers() { stop(); }
    Abusers(const Abusers&) = delete;
    Abusers& operator=(const Abusers&) = delete;

    void begin();
    void stop();

  private:
    Pipe gate_ = make_pipe();  // begin() closes the end that is written to
    std::vector<pid_t> pids_;
};

// Does the line tell of an abuser who comes or goes?
[[nodiscard]] inline bool is_of_abuser(std::string_view line) {
    return line.starts_with("abuser");
}

}  // namespace chatd::test
