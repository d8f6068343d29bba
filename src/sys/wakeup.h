// The wakeup: a worker that waits for the broker in vain wakes the parent with it. It carries no
// data, not even which worker it was.
#pragma once

#include <sys/eventfd.h>

#include "sys/error.h"
#include "sys/fd.h"

namespace chatd {

// Readable (poll(2)) from the first wake() until clear_wakeup(). Throws SetupError.
[[nodiscard]] inline UniqueFd make_wakeup() {
    UniqueFd wakeup(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!wakeup.valid()) throw system_error("eventfd");
    return wakeup;
}

// Neither waits nor fails.
inline void wake(int wakeup) {
    (void)::eventfd_write(wakeup, 1);  // EAGAIN: its count is full, so it is readable.
}
inline void clear_wakeup(int wakeup) {
    eventfd_t count = 0;
    (void)::eventfd_read(wakeup, &count);  // EAGAIN: nobody has called wake().
}

}  // namespace chatd
