// The journal writes whole lines, never blocks, and leaves out lines that come too often.
#include "sys/journal.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/bounds.h"
#include "support/expect.h"
#include "support/fd.h"
#include "sys/fd.h"

using namespace chatd;
using namespace std::chrono_literals;

TestSuite(journal, .timeout = 20);

namespace {

// stderr of this test's process, as a pipe.
class Stderr {
  public:
    Stderr() : pipe_(test::make_pipe()) {
        (void)dup2(pipe_.write.get(), STDERR_FILENO);
        test::set_nonblocking(pipe_.read.get());
    }

    std::string take() {
        std::array<char, 65536> buffer;
        const ssize_t bytes = read(pipe_.read.get(), buffer.data(), buffer.size());
        return {buffer.data(), bytes > 0 ? static_cast<std::size_t>(bytes) : 0};
    }

  private:
    test::Pipe pipe_;
};

// The clock of these tests.
Moment time_now;

Moment now() {
    return time_now;
}

// A clock with which lines come so slowly that the throttle leaves nothing out.
Moment a_second_later() {
    return time_now += std::chrono::seconds(1);
}

int lines_in(const std::string& text, const std::string& part) {
    int lines = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; ++at) ++lines;
    return lines;
}

constexpr const char* kConnected = "%s connected, pid %d";
constexpr const char* kEnded = "%s ended, pid %d: %s, after %.1f s";

// Counts the lines that are written when `lines` of them come at once.
std::uint64_t written(JournalThrottle& throttle, const char* kind, std::uint64_t lines,
                      Moment now) {
    std::uint64_t allowed = 0;
    for (std::uint64_t i = 0; i < lines; ++i) allowed += throttle.allows(kind, now) ? 1 : 0;
    return allowed;
}

}  // namespace

Test(journal, a_line_says_who_wrote_it) {
    Stderr stderr_pipe;
    Journal journal("broker", Level::Info);
    journal.info("%s joined, pid %d", "alice", 7);
    EXPECT_EQ(stderr_pipe.take(),
              "chatd[broker " + std::to_string(getpid()) + "]: alice joined, pid 7\n");
}

Test(journal, lines_below_the_level_are_not_written) {
    Stderr stderr_pipe;
    Journal journal("parent", Level::Warning);
    journal.info("no");
    journal.debug("no");
    journal.warning("yes");
    journal.error("yes");
    const std::string written = stderr_pipe.take();
    EXPECT_LACKS(written, "no");
    EXPECT_CONTAINS(written, "]: yes\n");
}

Test(journal, lines_that_a_stopped_reader_costs_are_counted) {
    Stderr stderr_pipe;
    Journal journal("parent", Level::Info, a_second_later);
    for (int i = 0; i < 10'000; ++i) journal.info("line %d", i);
    std::string written;
    for (std::string part; !(part = stderr_pipe.take()).empty();) written += part;
    EXPECT_LT(written.size(), 200'000U);
    EXPECT_TRUE(written.ends_with('\n'));
    journal.info("after");
    const std::string after = stderr_pipe.take();
    EXPECT_CONTAINS(after, " lines lost) after\n");
    journal.info("and on");
    EXPECT_LACKS(stderr_pipe.take(), "lost");
}

// poll(2) says that such a terminal takes more, and then write(2) waits for ever.
Test(journal, a_terminal_that_nobody_reads_blocks_no_process) {
    const UniqueFd master(posix_openpt(O_RDWR | O_NOCTTY));
    ASSERT_TRUE(grantpt(master.get()) == 0 && unlockpt(master.get()) == 0);
    const UniqueFd terminal(open(ptsname(master.get()), O_RDWR | O_NOCTTY));
    ASSERT_TRUE(terminal.valid());
    ASSERT_EQ(dup2(terminal.get(), STDERR_FILENO), STDERR_FILENO);
    unblock_stderr();
    bool refused = false;
    for (int i = 0; i < 10'000 && !refused; ++i) refused = !write_stderr("a line\n");
    EXPECT_TRUE(refused);
    // Other processes that have the terminal open notice nothing.
    EXPECT_EQ(fcntl(terminal.get(), F_GETFL) & O_NONBLOCK, 0);
}

Test(journal, a_line_too_long_is_cut) {
    Stderr stderr_pipe;
    Journal journal("parent", Level::Info);
    journal.info("%s", std::string(100'000, 'x').c_str());
    const std::string written = stderr_pipe.take();
    EXPECT_LT(written.size(), 4097U);
    EXPECT_TRUE(written.ends_with("x\n"));
}

Test(journal, lines_of_one_kind_that_come_too_often_are_counted_and_reported) {
    Stderr stderr_pipe;
    Journal journal("parent", Level::Info, now);
    for (int i = 0; i < 1'000; ++i) journal.info("%s connected, pid %d", "somebody", i);
    journal.info("of another kind");
    const std::string written = stderr_pipe.take();
    EXPECT_EQ(lines_in(written, "somebody connected"), kJournalLinesAtOnce);
    EXPECT_TRUE(written.ends_with("of another kind\n"));

    ASSERT_TRUE(journal.wake_at().has_value());
    time_now = *journal.wake_at() - std::chrono::nanoseconds(1);
    journal.turn();
    EXPECT_EQ(stderr_pipe.take(), "");
    time_now = *journal.wake_at();
    journal.turn();
    EXPECT_EQ(stderr_pipe.take(), "chatd[parent " + std::to_string(getpid()) +
                                      "]: 800 more like this, left out: … connected, pid …\n");
    EXPECT_FALSE(journal.wake_at().has_value());
    journal.turn();
    EXPECT_EQ(stderr_pipe.take(), "");
}

Test(journal, what_was_left_out_is_reported_at_the_end_at_the_latest) {
    Stderr stderr_pipe;
    {
        Journal journal("broker", Level::Info, now);
        for (int i = 0; i < 201; ++i) journal.info("%s joined", "somebody");
        (void)stderr_pipe.take();
    }
    EXPECT_CONTAINS(stderr_pipe.take(), "]: 1 more like this, left out: … joined\n");
}

Test(journal, lines_below_the_level_do_not_count) {
    Stderr stderr_pipe;
    Journal journal("parent", Level::Info, now);
    for (int i = 0; i < 1'000; ++i) journal.debug("refused");
    EXPECT_FALSE(journal.wake_at().has_value());
}

Test(journal, a_count_that_nobody_reads_is_kept) {
    Stderr stderr_pipe;
    Journal journal("parent", Level::Info, now);
    for (int i = 0; i < 300; ++i) journal.info("line %d", i);
    while (write_stderr("full\n")) {
    }
    time_now = *journal.wake_at();
    journal.turn();
    while (!stderr_pipe.take().empty()) {
    }
    ASSERT_TRUE(journal.wake_at().has_value());
    time_now = *journal.wake_at();
    journal.turn();
    const std::string told = stderr_pipe.take();
    EXPECT_CONTAINS(told, "]: 100 more like this, left out: line …\n");
    EXPECT_LACKS(told, "lost");
}

Test(journal_throttle, a_burst_is_written_and_what_is_more_is_counted) {
    JournalThrottle throttle;
    EXPECT_EQ(written(throttle, kConnected, kJournalLinesAtOnce, Moment()), kJournalLinesAtOnce);
    EXPECT_FALSE(throttle.left_out().has_value());
    EXPECT_EQ(written(throttle, kConnected, 5, Moment()), 0);
    ASSERT_TRUE(throttle.left_out().has_value());
    EXPECT_TRUE(throttle.left_out()->kind == kConnected);
    EXPECT_EQ(throttle.left_out()->lines, 5);
}

Test(journal_throttle, so_many_lines_a_second_are_written_however_long_it_lasts) {
    JournalThrottle throttle;
    (void)written(throttle, kConnected, kJournalLinesAtOnce, Moment());
    std::uint64_t lines = 0;
    for (auto time = 0ms; time <= 60s; time += 1ms) {
        lines += written(throttle, kConnected, 3, Moment() + time);
    }
    EXPECT_EQ(lines, 60 * kJournalLinesPerSecond);
    EXPECT_EQ(throttle.left_out()->lines, 3 * 60'001 - lines);
}

Test(journal_throttle, one_kind_does_not_cost_another_anything) {
    JournalThrottle throttle;
    (void)written(throttle, kConnected, 1'000, Moment());
    EXPECT_EQ(written(throttle, kEnded, 1'000, Moment()), kJournalLinesAtOnce);
}

Test(journal_throttle, a_count_is_reported_in_time_and_once) {
    JournalThrottle throttle;
    EXPECT_FALSE(throttle.wake_at().has_value());
    (void)written(throttle, kConnected, kJournalLinesAtOnce, Moment() + 1s);
    EXPECT_FALSE(throttle.wake_at().has_value());
    (void)written(throttle, kConnected, 1, Moment() + 1s);
    (void)written(throttle, kConnected, 1, Moment() + 1010ms);
    EXPECT_TRUE(throttle.wake_at() == Moment() + 1s + kLeftOutTold);
    throttle.postpone(Moment() + 4s);
    EXPECT_TRUE(throttle.wake_at() == Moment() + 4s + kLeftOutTold);
    throttle.reported(kConnected);
    EXPECT_FALSE(throttle.wake_at().has_value());
    EXPECT_FALSE(throttle.left_out().has_value());
}

Test(journal_throttle, each_kind_has_its_count) {
    JournalThrottle throttle;
    (void)written(throttle, kConnected, kJournalLinesAtOnce + 3, Moment());
    (void)written(throttle, kEnded, kJournalLinesAtOnce + 4, Moment());
    std::uint64_t lines = 0;
    for (int kinds = 0; kinds < 2; ++kinds) {
        ASSERT_TRUE(throttle.left_out().has_value() && throttle.wake_at().has_value());
        lines += throttle.left_out()->lines;
        throttle.reported(throttle.left_out()->kind);
    }
    EXPECT_EQ(lines, 7);
    EXPECT_FALSE(throttle.wake_at().has_value());
}

Test(journal_throttle, any_number_of_kinds_may_come_one_after_the_other) {
    JournalThrottle throttle;
    const std::vector<std::string> kinds(10 * kThrottledKindsMax, "a kind");
    Moment now;
    for (const std::string& kind : kinds) {
        EXPECT_EQ(written(throttle, kind.c_str(), 1'000, now), kJournalLinesAtOnce);
        throttle.reported(kind.c_str());
        now += 1min;
    }
}

Test(journal_throttle, with_too_many_kinds_at_once_no_line_is_lost_uncounted) {
    JournalThrottle throttle;
    const std::vector<std::string> kinds(kThrottledKindsMax, "a kind");
    for (const std::string& kind : kinds) (void)written(throttle, kind.c_str(), 1'000, Moment());
    EXPECT_EQ(written(throttle, kConnected, 1'000, Moment()), 1'000);
    for (const std::string& kind : kinds) {
        EXPECT_EQ(throttle.left_out()->lines, 1'000 - kJournalLinesAtOnce);
        EXPECT_TRUE(throttle.left_out()->kind == kind.c_str());
        throttle.reported(kind.c_str());
    }
    EXPECT_FALSE(throttle.left_out().has_value());
}

Test(journal_throttle, a_kind_is_put_in_words) {
    EXPECT_EQ(kind_in_words(kConnected), "… connected, pid …");
    EXPECT_EQ(kind_in_words(kEnded), "… ended, pid …: …, after … s");
    EXPECT_EQ(kind_in_words("the last %llu bytes"), "the last … bytes");
    EXPECT_EQ(kind_in_words("clients: %zu"), "clients: …");
    EXPECT_EQ(kind_in_words("100 %% of %-5d"), "100 % of …");
    EXPECT_EQ(kind_in_words("somebody else connected"), "somebody else connected");
    EXPECT_EQ(kind_in_words(""), "");
    EXPECT_EQ(kind_in_words("%"), "%");
}
