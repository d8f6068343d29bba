// The reaper: learns from the kernel which children have ended, were stopped or continued, and
// collects those that have ended. With --reap-delay it tells of a worker's end at once, and
// collects the worker later: until then ps(1) shows a zombie.
#pragma once

#include <functional>

#include "parent/supervisor.h"
#include "parent/zombies.h"
#include "sys/process.h"

namespace chatd {

class Reaper {
  public:
    using HandleEnd = std::function<void(const Reaped&)>;

    // All of these outlive this object.
    Reaper(const Options& options, Resources& resources, Supervisor& supervisor, Journal& journal);

    // Calls `handle_end` once for each worker, broker, lookout and trial that has ended, and for
    // children that this process has inherited and that lie before all zombies in the kernel's
    // list. Notes which workers are stopped, and tells the supervisor. Call this only after SIGCHLD
    // or when turn() has said so, because the kernel looks at every child each time (waitid(2); 2
    // ms for 10,000 children; with --reap-delay this process asks it for each worker). trial: see
    // Upgrade.
    void look(pid_t trial, const HandleEnd& handle_end);

    // Collects the zombies whose time has come, or all of them. True: there was one, and children
    // that lay behind it can be collected now, by look().
    [[nodiscard]] bool turn(bool all);
    [[nodiscard]] Deadline wake_at() const { return zombies_.wake_at(); }

  private:
    void reap_all(const HandleEnd& handle_end);
    void leave_workers(const HandleEnd& handle_end);
    void reap_others(pid_t trial, const HandleEnd& handle_end);
    void take_pauses();
    void note_pause(const ChildChange& change);
    void end_pause(pid_t pid);

    Resources& resources_;
    Supervisor& supervisor_;
    Journal& journal_;
    Zombies zombies_;
};

}  // namespace chatd
