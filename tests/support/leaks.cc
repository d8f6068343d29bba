// Criterion's own process loses a few bytes when suites that run side by side end in an unlucky
// order (2.4.1, seen with two jobs, never with one): there the leak sanitizer has nothing to tell.
// Each test has a process of its own, and in those it looks.
#include <cstdlib>

extern "C" int __lsan_is_turned_off();

extern "C" int __lsan_is_turned_off() {
    return std::getenv("BXFI_MAP") == nullptr ? 1 : 0;
}
