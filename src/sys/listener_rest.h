// A listener that rests: accept(2) has failed because descriptors, processes or memory are short.
// poll(2) would report the waiting peer at once, again and again, so it is not asked for a while.
#pragma once

#include <cerrno>

#include "base/bounds.h"
#include "base/time.h"

namespace chatd {

// Is the machine short of something (accept(2), fork(2))? All other errors of accept(2) are about
// one connection, or say that none waits.
[[nodiscard]] inline bool is_shortage(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

class ListenerRest {
  public:
    // Rests until kListenerRest is over, or end() is called, because a resource was freed.
    void begin(Moment now) { until_ = now + kListenerRest; }
    void end() { until_.reset(); }
    // True once, when the time is over: the rest ends with this call.
    [[nodiscard]] bool ends_now(Moment now) {
        if (!is_due(until_, now)) return false;
        end();
        return true;
    }

    [[nodiscard]] bool is_on() const { return until_.has_value(); }
    [[nodiscard]] Deadline until() const { return until_; }

  private:
    Deadline until_;
};

}  // namespace chatd
