// Specification of broker/links: frames of a worker that come in any pieces, and a worker that is
// gone.

#include "broker/links.h"

#include <criterion/criterion.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bounds.h"
#include "log/log.h"
#include "protocol/frame.h"
#include "support/expect.h"
#include "support/frames.h"
#include "support/where.h"
#include "sys/fd.h"

using namespace chatd;
using chatd::test::framed;

namespace {

constexpr std::uint64_t kMe = 1;

// A log, the link of one member, and its worker at the other end.
class Line {
  public:
    Line() : log(bytes()), link(UniqueFd(), Links::kFirstLink, begun()) {
        int fds[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
        link = Link(UniqueFd(fds[0]), Links::kFirstLink, begun());
        worker_ = UniqueFd(fds[1]);
        // The least that the kernel allows: a few kilobytes.
        const int least = 1;
        ASSERT_EQ(::setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &least, sizeof least), 0);
    }

  private:
    static WorkerState begun() {
        return WorkerState({.pid = 7, .birth_ns = 1, .peer = {}, .requests = RateLimiter(Rate{})});
    }

    std::span<std::byte> bytes() {
        const LogHeader header = empty_log_header(kHistoryBytesMin);
        memory_.resize(log_memory_bytes(kHistoryBytesMin) / 8);
        *reinterpret_cast<LogHeader*>(memory_.data()) = header;
        return std::as_writable_bytes(std::span(memory_));
    }

    std::vector<std::uint64_t> memory_;
    UniqueFd worker_;

  public:
    Log log;
    Crowds crowds{log};
    Link link;

    std::string say(std::string_view text) {
        Entry entry{};
        entry.kind = EntryKind::Say;
        entry.from = 2;
        return std::string(log.append(entry, "bob", text).frame.bytes);
    }

    void start_at_head() { link.worker.reader.start(log, kMe, log.head(), log.messages(), {}); }

    bool flush() {
        crowds.set_end(log.head());
        return link.flush(log, crowds, {"alice", 0});
    }

    std::string read() {
        std::array<char, kReadBytes> buffer;
        const IoResult got = receive(worker_.get(), buffer);
        return {buffer.data(), got.status == IoStatus::Done ? got.bytes : 0};
    }

    void send(std::string_view bytes, test::Where where = test::Where::here()) {
        const test::Caller caller(where);
        ASSERT_EQ(send_some(worker_.get(), bytes).bytes, bytes.size());
    }

    void hang_up() { worker_.reset(); }
};

}  // namespace

TestSuite(links, .timeout = 20);

// --- To the worker

Test(links, more_than_the_kernel_takes_at_once_arrives_in_order) {
    Line line;
    line.start_at_head();
    std::string expected;
    for (int i = 0; i < 4; ++i) expected += line.say(std::string(kTextBytesMax, 'x'));
    EXPECT_TRUE(line.flush());
    EXPECT_TRUE(line.link.worker.reader.is_blocked());
    std::string got;
    while (got.size() < expected.size()) {
        got += line.read();
        ASSERT_TRUE(line.flush());
    }
    EXPECT_TRUE(got == expected);
    EXPECT_FALSE(line.link.worker.reader.is_blocked());
}

// --- From the worker

Test(links, frames_arrive_whole_however_they_were_cut) {
    const std::string stream = framed(AskReplay{1}) + framed(AskWho{}, "al") +
                               framed(Post{.counter = 1, .kind = EntryKind::Say}, {}, "hello");
    for (std::size_t split = 1; split < stream.size(); ++split) {
        Line line;
        std::string got;
        std::array<char, 64> buffer;
        const auto take = [&](const Frame& frame) {
            got += frame.bytes;
            return true;
        };
        line.send(stream.substr(0, split));
        ASSERT_TRUE(line.link.read(buffer, take));
        line.send(stream.substr(split));
        for (int i = 0; i < 3; ++i) ASSERT_TRUE(line.link.read(buffer, take));
        ASSERT_EQ(got, stream);
    }
}

Test(links, a_read_without_anything_to_read_is_no_end) {
    Line line;
    std::array<char, 64> buffer;
    EXPECT_TRUE(line.link.read(buffer, [](const Frame&) { return false; }));
}

Test(links, a_malformed_frame_ends_the_link_but_what_came_before_it_counts) {
    Line line;
    std::array<char, 64> buffer;
    int frames = 0;
    line.send(framed(AskReplay{1}) + std::string(8, '\xFF'));
    EXPECT_FALSE(line.link.read(buffer, [&](const Frame&) { return ++frames == 1; }));
    EXPECT_EQ(frames, 1);
}

Test(links, a_frame_that_is_not_taken_ends_the_link) {
    Line line;
    std::array<char, 64> buffer;
    int frames = 0;
    line.send(framed(AskReplay{1}) + framed(AskReplay{2}));
    EXPECT_FALSE(line.link.read(buffer, [&](const Frame&) {
        ++frames;
        return false;
    }));
    EXPECT_EQ(frames, 1);
}

Test(links, a_worker_that_is_gone_ends_the_link) {
    Line line;
    line.start_at_head();
    line.say("hello");
    line.hang_up();
    std::array<char, 64> buffer;
    EXPECT_FALSE(line.link.read(buffer, [](const Frame&) { return true; }));
    EXPECT_FALSE(line.flush());
}
