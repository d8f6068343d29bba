// Shows copy-on-write: forks with so many MiB of memory, and has the child write to half of them.
// Prints what /proc/self/smaps_rollup says in the child, before and after.
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;

// What the kernel says in these lines of the file together, in KiB.
long rollup_kib(const char* a, const char* b = nullptr) {
    std::ifstream file("/proc/self/smaps_rollup");
    long sum = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(a) || (b != nullptr && line.starts_with(b))) {
            sum += std::strtol(line.c_str() + line.find(':') + 1, nullptr, 10);
        }
    }
    return sum;
}

void show(const char* when) {
    std::printf("%-20s %8ld %8ld %8ld %8ld\n", when, rollup_kib("Rss:"),
                rollup_kib("Shared_Clean:", "Shared_Dirty:"),
                rollup_kib("Private_Clean:", "Private_Dirty:"), rollup_kib("Pss:"));
}

long page_faults() {
    rusage usage{};
    return ::getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_minflt : 0;
}

void write_to_half(char* memory, std::size_t bytes) {
    const long faults = page_faults();
    const auto begin = Clock::now();
    std::memset(memory, 'c', bytes / 2);
    const std::chrono::duration<double, std::micro> took = Clock::now() - begin;
    std::printf("%-20s %ld page faults in %.0f us\n", "child writes", page_faults() - faults,
                took.count());
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t mib = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 8;
    const std::size_t bytes = mib << 20;
    void* const mapped =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    // Pages of the usual size: of huge ones a single fault would copy many.
    if (mapped == MAP_FAILED || ::madvise(mapped, bytes, MADV_NOHUGEPAGE) != 0) return 1;
    std::memset(mapped, 'p', bytes);
    std::printf("%-20s %8s %8s %8s %8s\n", "KiB", "Rss", "Shared", "Private", "Pss");
    show("parent, no child");
    (void)std::fflush(stdout);
    const pid_t pid = ::fork();
    if (pid == 0) {
        show("child, after fork");
        write_to_half(static_cast<char*>(mapped), bytes);
        show("child, has written");
        return 0;
    }
    return pid > 0 && ::waitpid(pid, nullptr, 0) == pid ? 0 : 1;
}
