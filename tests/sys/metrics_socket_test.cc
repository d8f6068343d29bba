// Every reader gets the whole text and the end, whatever it does, and no reader keeps the server
// busy.
#include "sys/metrics_socket.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "support/daemon.h"
#include "support/expect.h"
#include "support/fd.h"
#include "support/reader.h"
#include "support/wait.h"
#include "support/where.h"
#include "sys/error.h"
#include "sys/process.h"

using namespace chatd;
namespace fs = std::filesystem;

TestSuite(metrics_socket, .timeout = 20);

namespace {

const std::string kText = std::string(8000, 'x') + "\n";

test::Reader connect_to(const std::string& path) {
    test::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw test::system_error("connect");
    }
    return {std::move(fd), "metrics"};
}

// A turn like the parent's. False: there was nothing to do.
bool turn(MetricsSocket& socket, test::Where where = test::Where::here()) {
    const test::Caller caller(where);
    auto polls = socket.polls();
    const bool ready = ::poll(polls.data(), polls.size(), 0) > 0;
    EXPECT_TRUE(socket.turn(polls, [] { return kText; }));
    return ready;
}

ExitStatus refusal(const std::string& path, test::Where where = test::Where::here()) {
    const test::Caller caller(where);
    try {
        const MetricsSocket socket(path);
    } catch (const SetupError& error) {
        EXPECT_CONTAINS(error.what(), "--metrics");
        return error.status();
    }
    return ExitStatus::Ok;
}

}  // namespace

Test(metrics_socket, a_reader_gets_the_text_and_the_end) {
    const test::Scratch scratch;
    MetricsSocket socket(scratch.path() + "/m");
    test::Reader reader = connect_to(scratch.path() + "/m");
    EXPECT_TRUE(turn(socket));
    EXPECT_EQ(reader.rest(), kText);
}

Test(metrics_socket, what_a_reader_sends_does_not_take_its_text_away) {
    const test::Scratch scratch;
    MetricsSocket socket(scratch.path() + "/m");
    test::Reader early = connect_to(scratch.path() + "/m");
    test::Reader late = connect_to(scratch.path() + "/m");
    const std::string request = "GET /metrics HTTP/1.1\r\n\r\n";
    EXPECT_EQ(::send(early.fd(), request.data(), request.size(), MSG_NOSIGNAL), request.size());
    EXPECT_TRUE(turn(socket));
    EXPECT_EQ(::send(late.fd(), request.data(), request.size(), MSG_NOSIGNAL), request.size());
    for (test::Reader* const reader : {&early, &late}) {
        EXPECT_EQ(reader->bytes(kText.size()), kText);
        reader->expect_eof();
    }
}

Test(metrics_socket, a_reader_that_closes_wakes_the_server_once_and_one_that_waits_does_not) {
    const test::Scratch scratch;
    MetricsSocket socket(scratch.path() + "/m");
    EXPECT_FALSE(turn(socket));
    test::Reader reader = connect_to(scratch.path() + "/m");
    EXPECT_TRUE(turn(socket));
    EXPECT_EQ(::send(reader.fd(), "x", 1, MSG_NOSIGNAL), 1);
    EXPECT_FALSE(turn(socket));
    reader.close();
    EXPECT_TRUE(turn(socket));
    EXPECT_FALSE(turn(socket));
}

Test(metrics_socket, more_readers_than_are_kept_all_get_the_text) {
    const test::Scratch scratch;
    MetricsSocket socket(scratch.path() + "/m");
    std::vector<test::Reader> readers;
    for (std::size_t i = 0; i < 3 * kMetricsReadersMax; ++i) {
        readers.push_back(connect_to(scratch.path() + "/m"));
    }
    int turns = 0;
    while (turn(socket)) ++turns;
    EXPECT_EQ(turns, 3);
    for (test::Reader& reader : readers) EXPECT_EQ(reader.rest(), kText);
}

Test(metrics_socket, the_text_is_made_once_a_turn) {
    const test::Scratch scratch;
    MetricsSocket socket(scratch.path() + "/m");
    const test::Reader one = connect_to(scratch.path() + "/m");
    const test::Reader two = connect_to(scratch.path() + "/m");
    auto polls = socket.polls();
    (void)::poll(polls.data(), polls.size(), 0);
    int made = 0;
    EXPECT_TRUE(socket.turn(polls, [&made] { return ++made, kText; }));
    EXPECT_EQ(made, 1);
}

Test(metrics_socket, a_text_without_room_is_reported) {
    const test::Scratch scratch;
    MetricsSocket socket(scratch.path() + "/m");
    const test::Reader reader = connect_to(scratch.path() + "/m");
    auto polls = socket.polls();
    (void)::poll(polls.data(), polls.size(), 0);
    EXPECT_FALSE(socket.turn(polls, [] { return std::string(std::size_t{1} << 26, 'x'); }));
}

Test(metrics_socket, the_file_goes_away_with_its_server_alone) {
    const test::Scratch scratch;
    const std::string path = scratch.path() + "/m";
    {
        const MetricsSocket socket(path);
        const pid_t child = fork_child("test", [&] {
            socket.~MetricsSocket();
            return 0;
        });
        EXPECT_GT(child, 0);
        while (!reap_child()) {
        }
        EXPECT_TRUE(fs::is_socket(path));
    }
    EXPECT_FALSE(fs::exists(path));
}

Test(metrics_socket, a_directory_that_was_moved_is_still_cleaned) {
    const test::Scratch scratch;
    fs::create_directory(scratch.path() + "/a");
    {
        const MetricsSocket socket(scratch.path() + "/a/m");
        fs::rename(scratch.path() + "/a", scratch.path() + "/b");
        EXPECT_TRUE(fs::is_socket(scratch.path() + "/b/m"));
    }
    EXPECT_TRUE(fs::is_empty(scratch.path() + "/b"));
}

Test(metrics_socket, a_name_without_a_directory_lies_in_the_current_one) {
    const test::Scratch scratch;
    ASSERT_EQ(::chdir(scratch.path().c_str()), 0);
    {
        const MetricsSocket socket("m");
        EXPECT_TRUE(fs::is_socket(scratch.path() + "/m"));
    }
    EXPECT_FALSE(fs::exists(scratch.path() + "/m"));
}

Test(metrics_socket, the_next_program_goes_on_with_it) {
    const test::Scratch scratch;
    const std::string path = scratch.path() + "/m";
    {
        test::Reader reader = [&] {
            const MetricsSocket before(path);
            MetricsSocket after(UniqueFd(::dup(before.fd())), UniqueFd(::dup(before.directory())),
                                before.name());
            test::Reader connected = connect_to(path);
            EXPECT_TRUE(turn(after));
            return connected;
        }();
        EXPECT_EQ(reader.rest(), kText);
    }
    EXPECT_FALSE(fs::exists(path));
}

Test(metrics_socket, a_socket_in_use_is_refused_and_a_stale_one_replaced) {
    const test::Scratch scratch;
    const std::string path = scratch.path() + "/m";
    {
        const MetricsSocket socket(path);
        EXPECT_EQ(refusal(path), ExitStatus::Unavailable);
        fs::rename(path, scratch.path() + "/kept");
    }
    fs::rename(scratch.path() + "/kept", path);  // what a killed server leaves
    MetricsSocket next(path);
    test::Reader reader = connect_to(path);
    EXPECT_TRUE(turn(next));
    EXPECT_EQ(reader.rest(), kText);
}

Test(metrics_socket, a_lock_that_somebody_holds_on_the_directory_stops_nobody) {
    const test::Scratch scratch;
    const UniqueFd held(::open(scratch.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_EQ(::flock(held.get(), LOCK_EX), 0);
    MetricsSocket socket(scratch.path() + "/m");
    test::Reader reader = connect_to(scratch.path() + "/m");
    EXPECT_TRUE(turn(socket));
    EXPECT_EQ(reader.rest(), kText);
}

Test(metrics_socket, an_impossible_place_is_refused_and_nothing_changes) {
    const test::Scratch scratch;
    fs::create_directory(scratch.path() + "/d");
    EXPECT_EQ(refusal(scratch.path() + "/d"), ExitStatus::BadDirectory);
    EXPECT_TRUE(fs::is_directory(scratch.path() + "/d"));
    EXPECT_EQ(refusal(scratch.path() + "/nowhere/m"), ExitStatus::BadDirectory);
    EXPECT_EQ(refusal(scratch.path() + '/' + std::string(200, 'm')), ExitStatus::BadDirectory);
}
