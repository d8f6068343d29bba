// Memory that outlives the process that uses it, and memory that no child gets.
#include "sys/memory.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory_resource>
#include <string>
#include <unordered_map>

#include "support/expect.h"

using namespace chatd;

TestSuite(memory, .timeout = 20);

Test(memory, shared_memory_begins_with_zeros_and_keeps_what_one_mapping_wrote) {
    const UniqueFd fd = make_shared_memory("test", 8192);
    EXPECT_EQ(file_bytes(fd.get()), 8192U);
    {
        const Mapping first(fd.get());
        EXPECT_EQ(first.bytes().size(), 8192U);
        EXPECT_TRUE(first.bytes()[5000] == std::byte{0});
        first.bytes()[5000] = std::byte{7};
    }
    const Mapping second(fd.get());
    EXPECT_TRUE(second.bytes()[5000] == std::byte{7});
}

Test(memory, what_is_stored_in_a_private_mapping_stays_there) {
    const UniqueFd fd = make_shared_memory("test", 8192);
    const Mapping copy(fd.get(), Mapping::Stores::Private);
    copy.bytes()[5000] = std::byte{7};
    const Mapping shared(fd.get());
    EXPECT_TRUE(shared.bytes()[5000] == std::byte{0});
}

// A program such as ps keeps the mappings of a process that it looks at, and a start right after a
// crash found its history in use.
Test(memory, a_mapping_holds_no_lock_of_the_file) {
    UniqueFd fd = make_shared_memory("test", 8192);
    const std::string path = "/proc/self/fd/" + std::to_string(fd.get());
    const UniqueFd other(open(path.c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(flock(fd.get(), LOCK_EX), 0);
    const Mapping mapping(fd.get());
    EXPECT_NE(flock(other.get(), LOCK_EX | LOCK_NB), 0);
    fd.reset();
    EXPECT_EQ(flock(other.get(), LOCK_EX | LOCK_NB), 0);
}

Test(memory, unshared_memory_holds_what_is_put_there_and_taken_out) {
    UnsharedMemory memory;
    std::pmr::unordered_map<int, int> squares(memory.get());
    for (int i = 0; i < 10'000; ++i) squares[i] = i * i;
    for (int i = 0; i < 10'000; i += 2) squares.erase(i);
    EXPECT_EQ(squares.size(), 5000U);
    EXPECT_EQ(squares.at(9999), 9999 * 9999);
}

Test(memory, a_child_does_not_have_unshared_memory) {
    UnsharedMemory memory;
    const volatile int* const number = new (memory.get()->allocate(sizeof(int))) int(7);
    EXPECT_EQ(*number, 7);
    const pid_t child = ::fork();
    if (child == 0) {
        // Without the handler of a sanitizer.
        (void)::signal(SIGSEGV, SIG_DFL);
        ::_exit(*number);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}
