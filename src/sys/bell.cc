#include "sys/bell.h"

#include <sys/eventfd.h>

#include "sys/error.h"

namespace chatd {

UniqueFd make_bell() {
    UniqueFd bell(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!bell.valid()) throw system_error("eventfd");
    return bell;
}

void ring(int bell) {
    (void)::eventfd_write(bell, 1);  // EAGAIN: it rings as loud as it can already.
}

void muffle(int bell) {
    eventfd_t rings = 0;
    (void)::eventfd_read(bell, &rings);  // EAGAIN: it does not ring.
}

}  // namespace chatd
