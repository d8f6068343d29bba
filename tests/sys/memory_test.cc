// Memory that outlives its user, and history files that are taken up or refused untouched.
#include "sys/memory.h"

#include <criterion/criterion.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "bounds.h"
#include "core/log.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "sys/error.h"

using namespace chatd;

TestSuite(memory, .timeout = 20);

namespace {

void say(const UniqueFd& fd, const std::string& text) {
    const Mapping mapping(fd.get());
    Log log(mapping.bytes());
    Entry entry{};
    entry.kind = EntryKind::Say;
    log.append(entry, "alice", text);
}

std::string last_words(const UniqueFd& fd) {
    const Mapping mapping(fd.get());
    const Log log(mapping.bytes());
    const auto newest = log.newest();
    return newest ? std::string(newest->frame.text) : "";
}

ExitStatus refusal(const std::string& path, std::optional<std::size_t> bytes = std::nullopt) {
    try {
        (void)open_history(path, bytes);
    } catch (const SetupError& error) {
        return error.status();
    }
    return ExitStatus::Ok;
}

}  // namespace

Test(memory, shared_memory_begins_with_zeros_and_keeps_what_one_mapping_wrote) {
    const UniqueFd fd = make_shared_memory("test", 8192);
    {
        const Mapping first(fd.get());
        EXPECT_EQ(first.bytes().size(), 8192U);
        EXPECT_TRUE(first.bytes()[5000] == std::byte{0});
        first.bytes()[5000] = std::byte{7};
    }
    const Mapping second(fd.get());
    EXPECT_TRUE(second.bytes()[5000] == std::byte{7});
}

Test(memory, a_log_in_memory_outlives_its_user) {
    const UniqueFd fd = make_log_memory(kHistoryBytesMin);
    say(fd, "kept");
    EXPECT_EQ(last_words(fd), "kept");
}

Test(memory, a_history_is_made_once_and_taken_up_after_that) {
    const test::Scratch scratch;
    const std::string path = scratch.path() + "/history";
    say(open_history(path, kHistoryBytesMin), "kept");
    EXPECT_EQ(last_words(open_history(path, std::nullopt)), "kept");
    EXPECT_EQ(last_words(open_history(path, kHistoryBytesMin)), "kept");
    EXPECT_EQ(refusal(path, 2 * kHistoryBytesMin), ExitStatus::BadHistory);
}

Test(memory, a_history_has_all_its_blocks_from_the_beginning) {
    const test::Scratch scratch;
    const std::string path = scratch.path() + "/history";
    (void)open_history(path, kHistoryBytesMin);
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_GE(status.st_blocks * 512, static_cast<long>(kHistoryBytesMin));
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

// A copy may have holes; on a full disk they killed one broker after the other.
Test(memory, a_history_with_holes_gets_its_blocks_when_it_is_taken_up) {
    const test::Scratch scratch;
    const std::string path = scratch.path() + "/history";
    (void)open_history(path, kHistoryBytesMin);
    const std::string sparse = scratch.path() + "/sparse";
    {
        std::ifstream whole(path);
        std::string header(kLogHeaderBytes, '\0');
        whole.read(header.data(), static_cast<std::streamsize>(header.size()));
        std::ofstream(sparse) << header;
    }
    const auto bytes = static_cast<off_t>(Log::memory_bytes(kHistoryBytesMin));
    ASSERT_EQ(truncate(sparse.c_str(), bytes), 0);
    struct stat status {};
    ASSERT_EQ(stat(sparse.c_str(), &status), 0);
    ASSERT_TRUE(status.st_blocks * 512 < bytes);
    (void)open_history(sparse, std::nullopt);
    ASSERT_EQ(stat(sparse.c_str(), &status), 0);
    EXPECT_GE(status.st_blocks * 512, bytes);
}

Test(memory, a_history_that_is_held_is_refused) {
    const test::Scratch scratch;
    const std::string path = scratch.path() + "/history";
    const UniqueFd held = open_history(path, kHistoryBytesMin);
    EXPECT_EQ(refusal(path), ExitStatus::Unavailable);
}

Test(memory, what_is_no_history_is_refused) {
    const test::Scratch scratch;
    const std::string path = scratch.path() + "/letter";
    std::ofstream(path) << std::string(1'000'000, 'x');
    EXPECT_EQ(refusal(path), ExitStatus::BadHistory);
    EXPECT_EQ(refusal(scratch.path()), ExitStatus::Unavailable);
    EXPECT_EQ(refusal("/dev/null"), ExitStatus::BadHistory);
    EXPECT_EQ(refusal(scratch.path() + "/no/such"), ExitStatus::Unavailable);
}

Test(memory, a_history_cut_short_is_refused) {
    const test::Scratch scratch;
    const std::string path = scratch.path() + "/history";
    say(open_history(path, kHistoryBytesMin), "kept");
    ASSERT_EQ(truncate(path.c_str(), 30'000), 0);
    EXPECT_EQ(refusal(path), ExitStatus::BadHistory);
}
