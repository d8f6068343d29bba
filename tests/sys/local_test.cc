// The broker's socket lies in a directory of one user alone, replaces only the socket of a dead
// server, and is removed at the end. The wakeup is readable from the first wake() until it is
// cleared.
#include "sys/local.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include <algorithm>
#include <filesystem>
#include <string>

#include "support/daemon.h"
#include "support/expect.h"
#include "support/fd.h"
#include "support/reader.h"
#include "support/wait.h"
#include "sys/error.h"
#include "sys/process.h"

using namespace chatd;
namespace fs = std::filesystem;

TestSuite(local, .timeout = 20);
TestSuite(wakeup, .timeout = 10);

namespace {

// A directory of this process's user. (test::Scratch belongs to the user that chatd becomes.)
struct Scratch : test::Scratch {
    Scratch() { EXPECT_EQ(chown(path().c_str(), geteuid(), getegid()), 0); }
};

// Leaves what a killed server leaves.
void make_stale(const Scratch& scratch) {
    const std::string path = scratch.path() + "/x.sock";
    {
        const LocalListener listener(LocalDirectory(scratch.path()), "x.sock");
        fs::rename(path, scratch.path() + "/kept");
    }
    fs::rename(scratch.path() + "/kept", path);
}

UniqueFd locked(const std::string& path, int flags) {
    UniqueFd fd(open(path.c_str(), flags | O_CLOEXEC, 0600));
    EXPECT_EQ(flock(fd.get(), LOCK_EX | LOCK_NB), 0);
    return fd;
}

bool is_awake(const UniqueFd& wakeup) {
    return test::wait_for(wakeup.get(), POLLIN, test::Deadline{});
}

}  // namespace

Test(local, the_directory_is_made_for_this_user_alone_and_removed_with_the_socket) {
    const Scratch scratch;
    const std::string directory = scratch.path() + "/run";
    {
        const LocalListener listener(LocalDirectory(directory), "x.sock");
        EXPECT_EQ(fs::status(directory).permissions(), fs::perms::owner_all);
        EXPECT_TRUE(fs::is_socket(listener.path()));
    }
    EXPECT_FALSE(fs::exists(directory));
}

Test(local, a_directory_that_was_there_stays) {
    const Scratch scratch;
    { const LocalListener listener(LocalDirectory(scratch.path()), "x.sock"); }
    EXPECT_TRUE(fs::exists(scratch.path()));
    EXPECT_TRUE(fs::is_empty(scratch.path()));
}

Test(local, a_child_that_ends_leaves_the_socket_to_its_parent) {
    const Scratch scratch;
    const LocalListener listener(LocalDirectory(scratch.path()), "x.sock");
    const pid_t child = fork_child("test", [&] {
        listener.~LocalListener();
        return 0;
    });
    while (!reap_child()) {
    }
    EXPECT_GT(child, 0);
    EXPECT_TRUE(fs::is_socket(listener.path()));
}

Test(local, a_connection_tells_who_connected) {
    const Scratch scratch;
    const LocalListener listener(LocalDirectory(scratch.path()), "x.sock");
    const Connected connected = connect_local(listener.place());
    ASSERT_TRUE(connected.fd.valid());
    const UniqueFd accepted(accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    EXPECT_EQ(peer_pid(accepted.get()).value_or(-1), getpid());
}

Test(local, a_stopped_listener_refuses_connections) {
    const Scratch scratch;
    LocalListener listener(LocalDirectory(scratch.path()), "x.sock");
    listener.stop();
    const Connected connected = connect_local(listener.place());
    EXPECT_FALSE(connected.fd.valid());
    EXPECT_EQ(connected.error, ECONNREFUSED);
}

Test(local, the_file_may_be_removed_and_the_place_stays_good) {
    const Scratch scratch;
    const LocalListener listener(LocalDirectory(scratch.path()), "x.sock");
    fs::remove(listener.path());
    EXPECT_TRUE(connect_local(listener.place()).fd.valid());
}

Test(local, a_socket_in_use_is_refused_and_a_stale_one_replaced) {
    const Scratch scratch;
    {
        const LocalListener listener(LocalDirectory(scratch.path()), "x.sock");
        bool refused = false;
        try {
            const LocalListener second(LocalDirectory(scratch.path()), "x.sock");
        } catch (const SetupError& error) {
            refused = true;
            EXPECT_EQ(error.status(), ExitStatus::Unavailable);
            EXPECT_CONTAINS(error.what(), "in use by another chatd");
        }
        EXPECT_TRUE(refused);
    }
    make_stale(scratch);
    const LocalListener next(LocalDirectory(scratch.path()), "x.sock");
    EXPECT_TRUE(connect_local(next.place()).fd.valid());
}

Test(local, a_file_in_the_way_is_refused_and_kept) {
    const Scratch scratch;
    const std::string path = scratch.path() + "/x.sock";
    fs::create_directory(path);
    try {
        const LocalListener listener(LocalDirectory(scratch.path()), "x.sock");
        EXPECT_TRUE(false);
    } catch (const SetupError& error) {
        EXPECT_EQ(error.status(), ExitStatus::BadDirectory);
    }
    EXPECT_TRUE(fs::is_directory(path));
}

Test(local, a_lock_that_somebody_holds_on_the_directory_stops_nobody) {
    const Scratch scratch;
    const UniqueFd held = locked(scratch.path(), O_RDONLY | O_DIRECTORY);
    const LocalListener listener(LocalDirectory(scratch.path()), "x.sock");
    EXPECT_TRUE(connect_local(listener.place()).fd.valid());
}

Test(local, a_place_that_another_server_is_about_to_take_is_refused_at_once) {
    const Scratch scratch;
    const std::string lock = scratch.path() + "/x.sock.lock";
    UniqueFd held = locked(lock, O_RDONLY | O_CREAT);
    try {
        const LocalListener listener(LocalDirectory(scratch.path()), "x.sock");
        EXPECT_TRUE(false);
    } catch (const SetupError& error) {
        EXPECT_EQ(error.status(), ExitStatus::Unavailable);
        EXPECT_CONTAINS(error.what(), lock + " is locked");
    }
    held.reset();  // as when that server was killed
    const LocalListener listener(LocalDirectory(scratch.path()), "x.sock");
    EXPECT_FALSE(fs::exists(lock));
}

Test(local, of_many_that_find_a_stale_socket_at_once_one_takes_its_place) {
    constexpr int kServers = 8;
    for (int round = 0; round < 20; ++round) {
        const Scratch scratch;
        make_stale(scratch);
        test::Pipe told = test::make_pipe();
        test::Pipe done = test::make_pipe();
        for (int i = 0; i < kServers; ++i) {
            (void)fork_child("test", [&] {
                done.write.reset();
                try {
                    const LocalListener listener(LocalDirectory(scratch.path()), "x.sock");
                    (void)write(told.write.get(), "+", 1);
                    char none;
                    return static_cast<int>(read(done.read.get(), &none, 1));
                } catch (const SetupError&) {
                    return write(told.write.get(), "-", 1) == 1 ? 0 : 1;
                }
            });
        }
        test::Reader reader(std::move(told.read), "servers");
        const std::string outcome = reader.bytes(kServers);
        EXPECT_EQ(std::ranges::count(outcome, '+'), 1);
        EXPECT_TRUE(fs::is_socket(scratch.path() + "/x.sock"));
        done.write.reset();
        for (int i = 0; i < kServers;) i += reap_child() ? 1 : 0;
        EXPECT_TRUE(fs::is_empty(scratch.path()));
    }
}

Test(local, a_socket_that_cannot_be_given_to_its_user_is_removed) {
    const Scratch scratch;
    fs::permissions(scratch.path(), fs::perms::all);
    const pid_t child = fork_child("test", [&] {
        give_up_privileges(geteuid() == 0 ? std::optional(User{4242, 4242}) : std::nullopt);
        (void)listen_at(scratch.path() + "/x.sock", "--metrics", {}, User{1, 1});
        return 0;
    });
    EXPECT_GT(child, 0);
    for (;;) {
        const auto reaped = reap_child();
        if (!reaped) continue;
        EXPECT_EQ(WEXITSTATUS(reaped->wait_status), static_cast<int>(ExitStatus::BadDirectory));
        break;
    }
    EXPECT_TRUE(fs::is_empty(scratch.path()));
}

Test(wakeup, is_readable_until_it_is_cleared) {
    const UniqueFd wakeup = make_wakeup();
    EXPECT_FALSE(is_awake(wakeup));
    wake(wakeup.get());
    EXPECT_TRUE(is_awake(wakeup));
    EXPECT_TRUE(is_awake(wakeup));
    clear_wakeup(wakeup.get());
    EXPECT_FALSE(is_awake(wakeup));
}

Test(wakeup, is_writable_again_once_the_parent_has_taken_it) {
    const UniqueFd wakeup = make_wakeup();
    const auto writable = [&] { return test::wait_for(wakeup.get(), POLLOUT, test::Deadline{}); };
    EXPECT_TRUE(writable());
    wake(wakeup.get());
    wake(wakeup.get());
    EXPECT_FALSE(writable());
    clear_wakeup(wakeup.get());
    EXPECT_TRUE(writable());
}

Test(wakeup, one_clear_is_enough_for_any_number_of_wakes) {
    const UniqueFd wakeup = make_wakeup();
    for (int i = 0; i < 1000; ++i) wake(wakeup.get());
    clear_wakeup(wakeup.get());
    EXPECT_FALSE(is_awake(wakeup));
}

Test(wakeup, clearing_one_that_nobody_woke_does_not_wait) {
    const UniqueFd wakeup = make_wakeup();
    clear_wakeup(wakeup.get());
    EXPECT_FALSE(is_awake(wakeup));
}
