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
    (void)::eventfd_write(wakeup, 1);  // EAGAIN: it rings as loud as it can already.
}

void clear_wakeup(int wakeup) {
    eventfd_t rings = 0;
    (void)::eventfd_read(wakeup, &rings);  // EAGAIN: it does not ring.
}

}  // namespace chatd
