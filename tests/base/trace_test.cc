// The trace: how a line of it looks, what it costs when it is off, and that it never waits.
#include "base/trace.h"

#include <criterion/criterion.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <string>

#include "support/expect.h"
#include "support/fd.h"

using namespace chatd;

namespace {

constexpr const char* kTime = "14:02:07.120511";

std::string taken(const test::Pipe& pipe) {
    char buffer[1 << 17];
    const ssize_t bytes = read(pipe.read.get(), buffer, sizeof buffer);
    return {buffer, bytes > 0 ? static_cast<std::size_t>(bytes) : 0};
}

// The trace of this process goes into a pipe that nobody has to read.
test::Pipe traced() {
    test::Pipe pipe = test::make_pipe();
    test::set_nonblocking(pipe.read.get());
    test::set_nonblocking(pipe.write.get());
    begin_trace({.fd = pipe.write.get(), .is_coloured = false, .has_text = false});
    return pipe;
}

}  // namespace

TestSuite(trace, .timeout = 10);

Test(trace, a_line_is_a_time_a_process_and_a_step) {
    EXPECT_EQ(trace_line(kTime, "worker", 4130, "reads from the client: 3 bytes", false),
              "14:02:07.120511 worker[4130] reads from the client: 3 bytes\n");
}

Test(trace, each_role_has_its_colour) {
    EXPECT_EQ(trace_line(kTime, "worker", 1, "a", true),
              "14:02:07.120511 \033[36mworker[1]\033[0m a\n");
    EXPECT_TRUE(trace_line(kTime, "parent", 1, "a", true) !=
                trace_line(kTime, "broker", 1, "a", true));
}

Test(trace, a_line_has_no_other_control_and_fits_into_one_write) {
    EXPECT_EQ(trace_line(kTime, "worker", 1, "a\033[2Jb\nc\x7f", false),
              "14:02:07.120511 worker[1] a?[2Jb?c?\n");
    const std::string line = trace_line(kTime, "worker", 1, std::string(9000, 'x'), true);
    EXPECT_EQ(line.size(), std::size_t{PIPE_BUF});
    EXPECT_TRUE(line.ends_with("x\n"));
}

Test(trace, without_a_trace_not_even_the_arguments_are_evaluated) {
    int evaluated = 0;
    CHATD_TRACE("%d", ++evaluated);
    EXPECT_EQ(evaluated, 0);
    EXPECT_FALSE(is_traced());
    EXPECT_FALSE(trace_has_text());
}

Test(trace, a_step_is_written_with_role_and_pid_and_errno_is_kept) {
    const test::Pipe pipe = traced();
    errno = EAGAIN;
    CHATD_TRACE("fork returned %d", 7);
    EXPECT_EQ(errno, EAGAIN);
    const std::string pid = '[' + std::to_string(getpid()) + "] ";
    EXPECT_CONTAINS(taken(pipe), " parent" + pid + "fork returned 7\n");
    trace_as("worker");
    CHATD_TRACE("fork returned %d", 0);
    EXPECT_CONTAINS(taken(pipe), " worker" + pid + "fork returned 0\n");
}

Test(trace, lines_that_nobody_takes_are_lost_and_counted) {
    const test::Pipe pipe = traced();
    std::string got;
    for (int i = 0; i < 5000; ++i) CHATD_TRACE("%s", std::string(100, 'x').c_str());
    EXPECT_LACKS(taken(pipe), "lost");
    CHATD_TRACE("goes on");
    CHATD_TRACE("and on");
    const std::string rest = taken(pipe);
    EXPECT_CONTAINS(rest, " lines lost) goes on\n");
    EXPECT_CONTAINS(rest, "] and on\n");
}
