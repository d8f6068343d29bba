// The file of a trace: who may read it, and what is said when it cannot be had.
#include "sys/trace_file.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "base/trace.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/file.h"
#include "sys/error.h"

using namespace chatd;

TestSuite(trace_file, .timeout = 20);

Test(trace_file, is_made_for_this_user_alone_and_appended_to) {
    const test::Scratch scratch;
    const std::string path = scratch.path() + "/trace";
    for (int round = 0; round < 2; ++round) {
        const UniqueFd file = open_trace_file(path);
        EXPECT_EQ(write(file.get(), "a line\n", 7), 7);
        EXPECT_EQ(fcntl(file.get(), F_GETFD), FD_CLOEXEC);
    }
    EXPECT_EQ(test::contents(path), "a line\na line\n");
    struct stat status {};
    EXPECT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
}

Test(trace_file, that_cannot_be_had_is_told) {
    std::string told;
    try {
        (void)open_trace_file("/nonexistent/trace");
    } catch (const SetupError& error) {
        told = error.what();
        EXPECT_EQ(error.status(), ExitStatus::Unavailable);
    }
    EXPECT_EQ(told, "cannot open the trace /nonexistent/trace: No such file or directory");
}

Test(trace_file, without_a_name_there_is_none) {
    EXPECT_FALSE(open_trace_file("").valid());
    EXPECT_EQ(trace_fd(), STDERR_FILENO);
}
