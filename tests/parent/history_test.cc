// History files: made, taken up, repaired, or refused untouched.
#include "parent/history.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <string>

#include "base/bounds.h"
#include "base/settings.h"
#include "log/log.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/file.h"
#include "support/where.h"
#include "sys/error.h"
#include "sys/memory.h"

using namespace chatd;
using chatd::test::contents;
using chatd::test::write_file;
namespace fs = std::filesystem;

TestSuite(history, .timeout = 30);

namespace {

constexpr std::size_t kRing = kHistoryBytesMin;
constexpr int kMessages = 100;

void say(Log& log, const std::string& text) {
    Entry entry{};
    entry.kind = EntryKind::Say;
    log.append(entry, "alice", text);
}

void say(const UniqueFd& fd, const std::string& text) {
    const Mapping mapping(fd.get());
    Log log(mapping.bytes());
    say(log, text);
}

std::string last_words(const UniqueFd& fd) {
    const Mapping mapping(fd.get());
    const Log log(mapping.bytes());
    const auto newest = log.newest();
    return newest ? std::string(newest->frame.text) : "";
}

int messages_in(const UniqueFd& fd) {
    const Mapping mapping(fd.get());
    const Log log(mapping.bytes());
    int found = 0;
    for (auto entry = log.newest(); entry; entry = log.before(*entry)) ++found;
    return found;
}

ExitStatus status_of_opening(const std::string& path,
                             std::optional<std::size_t> bytes = std::nullopt) {
    try {
        (void)open_history(path, bytes);
    } catch (const SetupError& error) {
        return error.status();
    }
    return ExitStatus::Ok;
}

void flip(const std::string& path, std::size_t at) {
    std::string bytes = contents(path);
    bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
    write_file(path, bytes);
}

// A history in a directory of its own.
struct Chat {
    test::Scratch scratch;
    std::string path = scratch.path() + "/history";
    std::string damaged = path + ".damaged-1";

    Chat() {
        const History history = open_history(path, kRing);
        for (int i = 0; i < kMessages; ++i) say(history.fd, std::to_string(i));
    }

    // Damages this message.
    void damage(int message = 50) const {
        flip(path, contents(path).find("alice" + std::to_string(message)));
    }

    [[nodiscard]] std::map<std::string, std::string> files() const {
        std::map<std::string, std::string> found;
        for (const auto& entry : fs::directory_iterator(scratch.path())) {
            found[entry.path().filename()] = contents(entry.path());
        }
        return found;
    }
};

long blocks(const std::string& path, test::Where where = test::Where::here()) {
    const test::Caller caller(where);
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    return status.st_blocks * 512;
}

// Makes every write beyond this size fail, as on a full disk.
void allow_no_file_beyond(rlim_t bytes, test::Where where = test::Where::here()) {
    const test::Caller caller(where);
    (void)signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, bytes};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

constexpr HistorySize kSize{kRing, true};
constexpr std::size_t kFileBytes = kSize.bytes();
constexpr std::size_t kLogBytes = log_memory_bytes(kRing);

int archived_in(const Log& log) {
    int found = 0;
    for (auto entry = log.archive()->newest(); entry; entry = log.archive()->before(*entry)) {
        ++found;
    }
    return found;
}

int archived_in(const UniqueFd& fd) {
    const Mapping mapping(fd.get());
    return archived_in(Log(mapping.bytes()));
}

// Says so much that the log has to let the first messages go. Returns how many it said.
int say_until_archived(const UniqueFd& fd, int archived) {
    const Mapping mapping(fd.get());
    Log log(mapping.bytes());
    int said = 0;
    for (; archived_in(log) < archived; ++said) say(log, std::to_string(said));
    return said;
}

}  // namespace

// --- Made and taken up

Test(history, a_history_is_made_once_and_taken_up_after_that) {
    const test::Scratch scratch;
    const std::string path = scratch.path() + "/history";
    say(open_history(path, kRing).fd, "kept");
    EXPECT_EQ(last_words(open_history(path, std::nullopt).fd), "kept");
    EXPECT_EQ(last_words(open_history(path, kRing).fd), "kept");
    EXPECT_EQ(open_history(path, kRing).news, "");
    EXPECT_EQ(status_of_opening(path, 2 * kRing), ExitStatus::BadHistory);
}

Test(history, an_empty_file_is_a_new_history) {
    const test::Scratch scratch;
    const std::string path = scratch.path() + "/history";
    write_file(path, "");
    ASSERT_EQ(chmod(path.c_str(), 0640), 0);
    const History history = open_history(path, kRing);
    EXPECT_EQ(history.news, "");
    EXPECT_EQ(messages_in(history.fd), 0);
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

Test(history, a_history_has_all_its_blocks_from_the_beginning) {
    const test::Scratch scratch;
    const std::string path = scratch.path() + "/history";
    (void)open_history(path, kRing);
    EXPECT_GE(blocks(path), kFileBytes);
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

// A copy may have holes; on a full disk they killed one broker after the other.
Test(history, a_history_with_holes_gets_its_blocks_when_it_is_taken_up) {
    const Chat past;
    const std::string sparse = past.scratch.path() + "/sparse";
    write_file(sparse, contents(past.path).substr(0, 20'000));
    ASSERT_EQ(truncate(sparse.c_str(), kFileBytes), 0);
    ASSERT_TRUE(blocks(sparse) < static_cast<long>(kFileBytes));
    EXPECT_EQ(open_history(sparse, std::nullopt).news, "");
    EXPECT_GE(blocks(sparse), kFileBytes);
}

Test(history, a_link_to_a_history_stays_one) {
    const Chat past;
    past.damage();
    const test::Scratch elsewhere;
    const std::string link = elsewhere.path() + "/link";
    fs::create_symlink(past.path, link);
    EXPECT_NE(open_history(link, std::nullopt).news, "");
    EXPECT_TRUE(fs::is_symlink(link));
    EXPECT_TRUE(fs::exists(past.damaged));
    fs::create_symlink(past.scratch.path() + "/new", elsewhere.path() + "/dangling");
    (void)open_history(elsewhere.path() + "/dangling", kRing);
    EXPECT_TRUE(fs::is_regular_file(past.scratch.path() + "/new"));
}

// --- The archive

Test(history, a_file_of_0_3_0_gets_an_archive_and_keeps_everything) {
    const Chat past;
    write_file(past.path, contents(past.path).substr(0, kLogBytes));
    const History history = open_history(past.path, kRing);
    EXPECT_EQ(history.news, "");
    EXPECT_EQ(file_bytes(history.fd.get()), kFileBytes);
    EXPECT_GE(blocks(past.path), kFileBytes);
    EXPECT_EQ(messages_in(history.fd), kMessages);
    (void)say_until_archived(history.fd, 10);
    EXPECT_TRUE(is_intact_history(history.fd.get(), kSize));
}

Test(history, an_archive_that_was_not_begun_is_begun_at_the_next_start) {
    for (const std::size_t length : {kLogBytes + 100, kFileBytes}) {
        const Chat past;
        write_file(past.path, contents(past.path).substr(0, kLogBytes));
        ASSERT_EQ(truncate(past.path.c_str(), static_cast<off_t>(length)), 0);
        const History history = open_history(past.path, kRing);
        EXPECT_EQ(history.news, "");
        EXPECT_EQ(messages_in(history.fd), kMessages);
        EXPECT_TRUE(is_intact_history(history.fd.get(), kSize));
    }
}

Test(history, without_room_for_an_archive_the_file_is_taken_up_as_it_was) {
    const Chat past;
    write_file(past.path, contents(past.path).substr(0, kLogBytes));
    const auto before = past.files();
    allow_no_file_beyond(kLogBytes + 4096);
    const History history = open_history(past.path, kRing);
    EXPECT_CONTAINS(history.news, "no room for its archive");
    EXPECT_EQ(messages_in(history.fd), kMessages);
    EXPECT_FALSE(size_of_history(history.fd.get()).has_archive);
    EXPECT_TRUE(past.files() == before);
}

Test(history, a_log_in_memory_of_any_size_has_an_archive) {
    const UniqueFd fd = make_log_memory(kRing + 1);
    EXPECT_TRUE(is_intact_history(fd.get(), kSize));
    EXPECT_EQ(size_of_history(fd.get()).bytes(), kFileBytes);
}

Test(history, a_file_cut_off_in_its_archive_keeps_what_lies_before_the_cut) {
    const Chat past;
    const int said = say_until_archived(open_history(past.path, std::nullopt).fd, 20);
    const std::string whole = contents(past.path);
    write_file(past.path, whole.substr(0, kLogBytes + 4096 + std::size_t{10} * 80));
    const History history = open_history(past.path, std::nullopt);
    EXPECT_CONTAINS(history.news, "history: 1 damaged place, ");
    EXPECT_EQ(messages_in(history.fd), kMessages + said - 20);
    EXPECT_EQ(archived_in(history.fd), 10);
    EXPECT_EQ(file_bytes(history.fd.get()), kFileBytes);
}

Test(history, without_a_sound_header_the_size_stays_and_nothing_is_lost) {
    const Chat past;
    const int said = say_until_archived(open_history(past.path, std::nullopt).fd, 20);
    flip(past.path, offsetof(LogHeader, tail) + 1);
    flip(past.path, kLogBytes + offsetof(LogHeader, head) + 1);
    const History history = open_history(past.path, std::nullopt);
    EXPECT_EQ(file_bytes(history.fd.get()), kFileBytes);
    EXPECT_EQ(messages_in(history.fd) + archived_in(history.fd), kMessages + said);
}

Test(history, a_damaged_archive_is_repaired_like_the_log) {
    const Chat past;
    const int said = say_until_archived(open_history(past.path, std::nullopt).fd, 20);
    const std::string whole = contents(past.path);
    flip(past.path, whole.find("alice10", kLogBytes));
    const History history = open_history(past.path, std::nullopt);
    EXPECT_EQ(history.news, "history: 1 damaged place, 80 bytes lost, " +
                                std::to_string(kMessages + said - 1) +
                                " entries kept; the damaged file is " + past.damaged);
    EXPECT_EQ(archived_in(history.fd), 19);
    EXPECT_EQ(messages_in(history.fd), kMessages + said - 20);
}

Test(history, an_archive_that_lost_its_beginning_keeps_its_entries) {
    const Chat past;
    (void)say_until_archived(open_history(past.path, std::nullopt).fd, 20);
    flip(past.path, kLogBytes + 3);
    const History history = open_history(past.path, std::nullopt);
    EXPECT_NE(history.news, "");
    EXPECT_EQ(archived_in(history.fd), 20);
}

Test(history, an_archive_in_use_that_is_cut_short_is_repaired) {
    for (const std::size_t length : {kLogBytes, kLogBytes + 4096 + 10 * 80}) {
        const Chat past;
        const History history = open_history(past.path, std::nullopt);
        const int said = say_until_archived(history.fd, 20);
        ASSERT_EQ(truncate(past.path.c_str(), static_cast<off_t>(length)), 0);
        EXPECT_FALSE(is_intact_history(history.fd.get(), kSize));
        const auto mended = repair_history_in_use(history.fd.get(), past.path, kSize);
        EXPECT_CONTAINS(mended.news, "the damaged file is " + past.damaged);
        EXPECT_EQ(messages_in(mended.fd), kMessages + said - 20);
        EXPECT_EQ(archived_in(mended.fd), length == kLogBytes ? 0 : 10);
    }
}

// Nothing was in it yet.
Test(history, an_empty_archive_that_is_gone_is_no_loss) {
    const Chat past;
    const History history = open_history(past.path, std::nullopt);
    ASSERT_EQ(truncate(past.path.c_str(), static_cast<off_t>(kLogBytes)), 0);
    const auto mended = repair_history_in_use(history.fd.get(), past.path, kSize);
    EXPECT_CONTAINS(mended.news, "1 damaged place, 0 bytes lost, 100 entries kept");
}

// --- Refused

Test(history, a_history_in_use_is_refused) {
    const Chat past;
    const History held = open_history(past.path, std::nullopt);
    EXPECT_EQ(status_of_opening(past.path), ExitStatus::Unavailable);
}

Test(history, a_history_that_was_made_or_repaired_is_locked_too) {
    const Chat past;
    {
        const std::string path = past.scratch.path() + "/new";
        const History made = open_history(path, kRing);
        EXPECT_EQ(status_of_opening(path), ExitStatus::Unavailable);
    }
    past.damage();
    const History repaired = open_history(past.path, kRing);
    EXPECT_EQ(status_of_opening(past.path), ExitStatus::Unavailable);
}

// Once it was read to its end, which took minutes.
Test(history, a_huge_file_that_is_no_history_is_refused_at_once) {
    const test::Scratch scratch;
    const std::string path = scratch.path() + "/huge";
    write_file(path, "Dear all");
    ASSERT_EQ(truncate(path.c_str(), off_t{1} << 36), 0);
    EXPECT_EQ(status_of_opening(path), ExitStatus::BadHistory);
}

Test(history, a_file_that_is_no_history_is_refused_and_kept) {
    const test::Scratch scratch;
    const std::string path = scratch.path() + "/letter";
    const std::string letter(1'000'000, 'x');
    write_file(path, letter);
    EXPECT_EQ(status_of_opening(path), ExitStatus::BadHistory);
    EXPECT_TRUE(contents(path) == letter);
    EXPECT_EQ(status_of_opening(scratch.path()), ExitStatus::Unavailable);
    EXPECT_EQ(status_of_opening("/dev/null"), ExitStatus::BadHistory);
    EXPECT_EQ(status_of_opening(scratch.path() + "/no/such"), ExitStatus::Unavailable);
}

Test(history, a_start_without_room_leaves_nothing_behind) {
    const test::Scratch scratch;
    const std::string path = scratch.path() + "/history";
    allow_no_file_beyond(30'000);
    EXPECT_EQ(status_of_opening(path), ExitStatus::Unavailable);
    EXPECT_TRUE(fs::is_empty(scratch.path()));
}

Test(history, a_repair_without_room_changes_nothing) {
    const Chat past;
    past.damage();
    const auto before = past.files();
    allow_no_file_beyond(30'000);
    EXPECT_EQ(status_of_opening(past.path), ExitStatus::Unavailable);
    EXPECT_TRUE(past.files() == before);
}

// Somebody's history may have the name that the new file needs.
Test(history, a_repair_takes_no_file_from_another_server) {
    const Chat past;
    past.damage();
    const History other = open_history(past.path + ".new", kRing);
    const auto before = past.files();
    EXPECT_EQ(status_of_opening(past.path), ExitStatus::Unavailable);
    EXPECT_TRUE(past.files() == before);
}

// --- Repaired

Test(history, a_damaged_history_is_repaired_and_kept) {
    const Chat past;
    past.damage();
    const std::string before = contents(past.path);
    const History history = open_history(past.path, std::nullopt);
    EXPECT_EQ(history.news,
              "history: 1 damaged place, 80 bytes lost, 99 entries kept; the damaged file is " +
                  past.damaged);
    EXPECT_EQ(messages_in(history.fd), kMessages - 1);
    EXPECT_TRUE(contents(past.damaged) == before);
    EXPECT_GE(blocks(past.path), kFileBytes);
    EXPECT_EQ(past.files().size(), 2U);
}

Test(history, a_repaired_history_is_whole) {
    const Chat past;
    past.damage();
    (void)open_history(past.path, std::nullopt);
    EXPECT_EQ(open_history(past.path, std::nullopt).news, "");
    EXPECT_EQ(past.files().size(), 2U);
}

Test(history, each_damaged_file_is_kept) {
    const Chat past;
    past.damage(50);
    const std::string first = contents(past.path);
    (void)open_history(past.path, std::nullopt);
    past.damage(60);
    const std::string second = contents(past.path);
    (void)open_history(past.path, std::nullopt);
    EXPECT_TRUE(contents(past.damaged) == first);
    EXPECT_TRUE(contents(past.path + ".damaged-2") == second);
}

Test(history, too_many_damaged_files_are_refused_and_nothing_changes) {
    const Chat past;
    past.damage();
    for (int i = 1; i <= kDamagedHistoriesMax; ++i) {
        write_file(past.path + ".damaged-" + std::to_string(i), "");
    }
    const auto before = past.files();
    EXPECT_EQ(status_of_opening(past.path), ExitStatus::Unavailable);
    EXPECT_TRUE(past.files() == before);
}

Test(history, a_history_of_any_length_is_repaired) {
    for (const std::size_t length : std::initializer_list<std::size_t>{
             8, 10, sizeof(LogHeader) - 1, sizeof(LogHeader), 4096, 4097, 8000, 34'000, 69'000}) {
        const Chat past;
        const std::string whole = contents(past.path);
        write_file(past.path, whole.substr(0, length));
        const History history = open_history(past.path, std::nullopt);
        EXPECT_CONTAINS(history.news, "the damaged file is ");
        EXPECT_TRUE(contents(past.damaged) == whole.substr(0, length));
        const std::size_t kept =
            length < 4096 ? 0 : std::min((length - 4096) / 80, std::size_t{100});
        EXPECT_GE(messages_in(history.fd), kept);
        if (length >= sizeof(LogHeader)) EXPECT_EQ(file_bytes(history.fd.get()), kFileBytes);
    }
}

Test(history, a_repair_may_change_the_size) {
    const Chat past;
    past.damage();
    const History history = open_history(past.path, 4 * kRing);
    EXPECT_EQ(file_bytes(history.fd.get()), HistorySize{4 * kRing}.bytes());
    EXPECT_EQ(messages_in(history.fd), kMessages - 1);
}

// A process died before the new file had its name: the new file is not finished, or the damaged one
// has its second name already.
Test(history, a_repair_that_was_interrupted_is_done_again) {
    const Chat past;
    past.damage();
    const std::string before = contents(past.path);
    write_file(past.path + ".new", "half");
    fs::create_hard_link(past.path, past.damaged);
    const History history = open_history(past.path, std::nullopt);
    EXPECT_EQ(messages_in(history.fd), kMessages - 1);
    EXPECT_TRUE(contents(past.damaged) == before);
    EXPECT_EQ(past.files().size(), 2U);
}

Test(history, a_repair_may_be_killed_at_any_time) {
    const Chat past;
    past.damage();
    const std::string before = contents(past.path);
    constexpr int kRounds = kSanitized ? 50 : 200;  // each takes four times as long there
    for (int round = 0; round < kRounds; ++round) {
        const pid_t pid = fork();
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
            for (;;) {
                if (open_history(past.path, std::nullopt).news.empty()) _exit(0);
            }
        }
        usleep(static_cast<useconds_t>(round * (4000 / kRounds)));
        kill(pid, SIGKILL);
        ASSERT_EQ(waitpid(pid, nullptr, 0), pid);
        ASSERT_EQ(messages_in(open_history(past.path, std::nullopt).fd), kMessages - 1);
        ASSERT_TRUE(contents(past.damaged) == before);
        ASSERT_EQ(past.files().size(), 2U);
        fs::remove(past.damaged);
        write_file(past.path, before);
    }
}

// --- In use

Test(history, a_history_in_use_that_is_whole_is_left_alone) {
    const Chat past;
    const History history = open_history(past.path, std::nullopt);
    EXPECT_TRUE(is_intact_history(history.fd.get(), kSize));
}

Test(history, a_history_cut_short_in_use_is_repaired) {
    for (const std::size_t length : {0U, 10U, 4096U, 8000U, 60'000U}) {
        const Chat past;
        const History history = open_history(past.path, std::nullopt);
        ASSERT_EQ(truncate(past.path.c_str(), static_cast<off_t>(length)), 0);
        const auto mended = repair_history_in_use(history.fd.get(), past.path, kSize);
        EXPECT_CONTAINS(mended.news, "the damaged file is " + past.damaged);
        EXPECT_EQ(file_bytes(mended.fd.get()), kFileBytes);
        EXPECT_EQ(fs::file_size(past.damaged), length);
        const std::size_t kept =
            length < 4096 ? 0 : std::min((length - 4096) / 80, std::size_t{100});
        EXPECT_GE(messages_in(mended.fd), kept);
        EXPECT_EQ(status_of_opening(past.path), ExitStatus::Unavailable);
        EXPECT_TRUE(is_intact_history(mended.fd.get(), kSize));
    }
}

Test(history, a_history_in_use_that_lost_its_beginning_is_repaired) {
    const Chat past;
    const History history = open_history(past.path, std::nullopt);
    flip(past.path, 3);
    const auto mended = repair_history_in_use(history.fd.get(), past.path, kSize);
    EXPECT_EQ(messages_in(mended.fd), kMessages);
}

Test(history, a_history_in_use_that_cannot_be_repaired_goes_on_in_memory) {
    const Chat past;
    const History history = open_history(past.path, std::nullopt);
    ASSERT_EQ(truncate(past.path.c_str(), 8000), 0);
    for (int i = 1; i <= kDamagedHistoriesMax; ++i) {
        write_file(past.path + ".damaged-" + std::to_string(i), "");
    }
    const auto before = past.files();
    const auto mended = repair_history_in_use(history.fd.get(), past.path, kSize);
    EXPECT_CONTAINS(mended.news, "in memory alone from now on: too many damaged histories");
    EXPECT_GE(messages_in(mended.fd), 40);
    EXPECT_TRUE(past.files() == before);
}

Test(history, a_history_in_use_that_was_replaced_goes_on_in_memory) {
    const Chat past;
    const History history = open_history(past.path, std::nullopt);
    ASSERT_EQ(truncate(past.path.c_str(), 8000), 0);
    fs::remove(past.path);
    write_file(past.path, "somebody else's");
    const auto mended = repair_history_in_use(history.fd.get(), past.path, kSize);
    EXPECT_CONTAINS(mended.news, "in memory alone from now on: " + past.path + " is another file");
    EXPECT_GE(messages_in(mended.fd), 40);
    EXPECT_EQ(contents(past.path), "somebody else's");
    EXPECT_EQ(past.files().size(), 1U);
    EXPECT_TRUE(is_intact_history(mended.fd.get(), kSize));
}

// A program that takes over from 0.3.0 is not told the size.
Test(history, the_size_of_a_log_in_use_is_told_by_its_header_as_long_as_that_is_there) {
    const Chat past;
    const History history = open_history(past.path, std::nullopt);
    EXPECT_EQ(size_of_history(history.fd.get()).bytes(), kFileBytes);
    for (const off_t length : {kLogBytes, std::size_t{8000}, sizeof(LogHeader)}) {
        ASSERT_EQ(truncate(past.path.c_str(), length), 0);
        EXPECT_EQ(size_of_history(history.fd.get()).bytes(), kLogBytes);
    }
    ASSERT_EQ(truncate(past.path.c_str(), 10), 0);
    EXPECT_EQ(size_of_history(history.fd.get()).bytes(), log_memory_bytes(kHistoryBytes));
}

Test(history, a_log_without_a_file_outlives_its_user) {
    const UniqueFd fd = make_log_memory(kRing);
    say(fd, "kept");
    EXPECT_EQ(last_words(fd), "kept");
}
