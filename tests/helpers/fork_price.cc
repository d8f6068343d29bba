// Measures fork(2): how long it takes in a process with 0, 10 and 100 MiB of memory, until it
// returns in the parent, and until a child that ends at once is reaped. Prints medians.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>

namespace {

using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

constexpr std::size_t kForks = 21;

void measure(std::size_t mib) {
    std::array<double, kForks> returns_us{};
    std::array<double, kForks> reaped_us{};
    for (std::size_t i = 0; i < kForks; ++i) {
        const auto begin = Clock::now();
        const pid_t pid = ::fork();
        if (pid == 0) ::_exit(0);
        returns_us[i] = Microseconds(Clock::now() - begin).count();
        if (pid < 0 || ::waitpid(pid, nullptr, 0) != pid) return std::perror("fork");
        reaped_us[i] = Microseconds(Clock::now() - begin).count();
    }
    std::ranges::sort(returns_us);
    std::ranges::sort(reaped_us);
    std::printf("%3zu MiB: fork returns after %5.0f us, the child is reaped after %5.0f us\n", mib,
                returns_us[kForks / 2], reaped_us[kForks / 2]);
}

}  // namespace

int main() {
    measure(0);
    for (const std::size_t mib : {10U, 100U}) {
        const std::size_t bytes = mib << 20;
        void* const memory =
            ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED || ::madvise(memory, bytes, MADV_NOHUGEPAGE) != 0) return 1;
        std::memset(memory, 1, bytes);
        measure(mib);
        if (::munmap(memory, bytes) != 0) return 1;
    }
    return 0;
}
