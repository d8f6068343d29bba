// Descriptors have one owner, and sockets say what became of them.
#include "sys/fd.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "support/expect.h"
#include "sys/local.h"
#include "sys/process.h"

using namespace chatd;

TestSuite(fd, .timeout = 20);

namespace {

bool is_open(int fd) {
    return fcntl(fd, F_GETFD) != -1;
}

int open_null() {
    return open("/dev/null", O_RDWR | O_CLOEXEC);
}

std::string receive_all(int socket) {
    std::array<char, 4096> buffer;
    std::string all;
    for (;;) {
        const IoResult got = receive(socket, buffer);
        if (got.status != IoStatus::Done) return all;
        all.append(buffer.data(), got.bytes);
    }
}

}  // namespace

Test(fd, the_owner_closes_it_and_moving_passes_it_on) {
    int raw = -1;
    {
        UniqueFd first(open_null());
        raw = first.get();
        UniqueFd second(std::move(first));
        EXPECT_FALSE(first.valid());  // NOLINT: what a move leaves is what is tested
        EXPECT_EQ(second.get(), raw);
        EXPECT_TRUE(is_open(raw));
    }
    EXPECT_FALSE(is_open(raw));
}

Test(fd, assigning_closes_what_was_owned_before) {
    UniqueFd fd(open_null());
    const int old = fd.get();
    UniqueFd other(open_null());
    const int kept = other.get();
    fd = std::move(other);
    EXPECT_FALSE(is_open(old));
    EXPECT_EQ(fd.get(), kept);
}

Test(fd, closing_keeps_errno) {
    UniqueFd fd(open_null());
    errno = ENOENT;
    fd.reset();
    EXPECT_EQ(errno, ENOENT);
}

Test(fd, receive_tells_nothing_yet_from_the_end) {
    SocketPair pair = make_socket_pair();
    std::array<char, 8> buffer;
    EXPECT_EQ(receive(pair.first.get(), buffer).status, IoStatus::WouldBlock);
    EXPECT_EQ(send_some(pair.second.get(), "abc").bytes, 3);
    EXPECT_EQ(peek(pair.first.get(), buffer).bytes, 3);
    EXPECT_EQ(receive(pair.first.get(), buffer).bytes, 3);
    pair.second.reset();
    EXPECT_EQ(receive(pair.first.get(), buffer).status, IoStatus::Ended);
}

Test(fd, sending_to_a_peer_that_is_gone_is_no_signal) {
    SocketPair pair = make_socket_pair();
    pair.second.reset();
    EXPECT_EQ(send_some(pair.first.get(), "abc").status, IoStatus::Closed);
    std::string buffer = "abc";
    EXPECT_EQ(send_from(pair.first.get(), buffer), IoStatus::Closed);
}

Test(fd, send_from_keeps_what_did_not_fit) {
    const SocketPair pair = make_socket_pair();
    const std::string all(10'000'000, 'x');
    std::string buffer = all;
    EXPECT_EQ(send_from(pair.first.get(), buffer), IoStatus::WouldBlock);
    EXPECT_LT(buffer.size(), all.size());
    std::string received;
    while (received.size() < all.size()) {
        received += receive_all(pair.second.get());
        (void)send_from(pair.first.get(), buffer);
    }
    EXPECT_TRUE(received == all);
    EXPECT_EQ(buffer, "");
}

Test(fd, pieces_go_out_as_one) {
    const SocketPair pair = make_socket_pair();
    std::string a = "one ";
    std::string b = "two";
    std::array<iovec, 2> pieces = {iovec{a.data(), a.size()}, iovec{b.data(), b.size()}};
    EXPECT_EQ(send_some(pair.first.get(), pieces).bytes, 7);
    EXPECT_EQ(receive_all(pair.second.get()), "one two");
}

Test(fd, a_child_keeps_only_what_it_is_given) {
    const UniqueFd kept(open_null());
    const UniqueFd closed(open_null());
    const UniqueFd also_kept(open_null());
    const UniqueFd also_closed(open_null());
    const pid_t child = fork_child("test", [&] {
        keep_only({also_kept.get(), kept.get()});
        const bool right = is_open(0) && is_open(1) && is_open(2) && is_open(kept.get()) &&
                           is_open(also_kept.get()) && !is_open(closed.get()) &&
                           !is_open(also_closed.get());
        return right ? 0 : 1;
    });
    std::optional<Reaped> reaped;
    while (!(reaped = reap_child())) {
    }
    EXPECT_EQ(reaped->pid, child);
    EXPECT_EQ(reaped->wait_status, 0);
}

Test(fd, a_listener_rests_until_its_time_is_over_and_that_is_told_once) {
    constexpr Moment kBegin = Moment(std::chrono::seconds(1000));
    ListenerRest rest;
    EXPECT_FALSE(rest.is_on());
    EXPECT_FALSE(rest.ends_now(kBegin));
    rest.begin(kBegin);
    EXPECT_TRUE(rest.is_on());
    EXPECT_EQ(rest.until(), Deadline(kBegin + kListenerRest));
    EXPECT_FALSE(rest.ends_now(kBegin + kListenerRest - std::chrono::nanoseconds(1)));
    EXPECT_TRUE(rest.is_on());
    EXPECT_TRUE(rest.ends_now(kBegin + kListenerRest));
    EXPECT_FALSE(rest.is_on());
    EXPECT_FALSE(rest.ends_now(kBegin + 2 * kListenerRest));
}

Test(fd, a_rest_can_end_early_and_a_rest_that_begins_again_is_a_whole_one) {
    constexpr Moment kBegin = Moment(std::chrono::seconds(1000));
    ListenerRest rest;
    rest.begin(kBegin);
    rest.end();
    EXPECT_FALSE(rest.is_on());
    EXPECT_FALSE(rest.until().has_value());
    EXPECT_FALSE(rest.ends_now(kBegin + kListenerRest));
    rest.begin(kBegin);
    rest.begin(kBegin + std::chrono::milliseconds(1));
    EXPECT_FALSE(rest.ends_now(kBegin + kListenerRest));
    EXPECT_TRUE(rest.ends_now(kBegin + kListenerRest + std::chrono::milliseconds(1)));
}
