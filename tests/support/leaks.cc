// Switches the leak sanitizer off in Criterion's own process, which loses a few bytes when suites
// that run side by side end in an unlucky order (2.4.1, seen with two jobs, never with one). Each
// test has a process of its own (BXFI_MAP is set there), in which the leak sanitizer works.
#include <cstdlib>

extern "C" int __lsan_is_turned_off();

extern "C" int __lsan_is_turned_off() {
    return std::getenv("BXFI_MAP") == nullptr ? 1 : 0;
}
