// The reaper: learns from the kernel which children have ended, were stopped or continued, and
// collects those that have ended.
#pragma once

#include <functional>

#include "parent/resources.h"
#include "sys/process.h"

namespace chatd {

class Reaper {
  public:
    using HandleEnd = std::function<void(const Reaped&)>;

    // Both outlive this object.
    Reaper(Resources& resources, Journal& journal) : resources_(resources), journal_(journal) {}

    // Calls `handle_end` once for each child that has ended, and notes which workers are stopped.
    // Call this only after SIGCHLD, because the kernel looks at every child each time (wait4(2);
    // 2 ms for 10,000 children).
    void look(const HandleEnd& handle_end);

  private:
    void take_pauses();
    void note_pause(const ChildChange& change);
    void end_pause(pid_t pid);

    Resources& resources_;
    Journal& journal_;
};

}  // namespace chatd
