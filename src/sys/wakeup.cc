#include "sys/wakeup.h"

#include <sys/eventfd.h>

#include "sys/error.h"

namespace chatd {

UniqueFd make_wakeup() {
    UniqueFd wakeup(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!wakeup.valid()) throw system_error("eventfd");
    return wakeup;
}

void wake(int wakeup) {
    (void)::eventfd_write(wakeup, 1);  // EAGAIN: its count is full, so it is readable.
}

void clear_wakeup(int wakeup) {
    eventfd_t count = 0;
    (void)::eventfd_read(wakeup, &count);  // EAGAIN: nobody has called wake().
}

}  // namespace chatd
