// Specification of parent/handover: what goes over to the next program, and what is not understood.
#include "parent/handover.h"

#include <criterion/criterion.h>

#include <string>

#include "support/expect.h"

using chatd::Handover;
using chatd::read_handover;
using chatd::write_handover;

TestSuite(handover, .timeout = 20);

namespace {

// Written by chatd 0.3.0.
const std::string kOf030 = R"(chatd-handover-1
formats 1 1 2
clients-max 10000
terminal 1
listener 3 9:[::]:8888
listener 4 14:127.0.0.1:8888
run-directory 1 16:/tmp/chatd-65534
socket 5 6 33:/tmp/chatd-65534/broker-8888.sock
memory 7 8
control 9 10
bell 11
program-directory 12
broker 4711
worker 4712 81234567890123 9:192.0.2.7
worker 4713 81234567890999 17:2001:db8:0:1::/64
outbox 9:two
lines
counters 1 13 40 3 7 10 11 12 13 14 15 16 17 18 21 22 23 24 25
metrics 14 15 12:metrics.sock
end
)";

// kOf030, with `line` in place of its line that begins with `word`.
std::string with_line(const std::string& word, const std::string& line) {
    std::string text = kOf030;
    const std::size_t begin = text.find('\n' + word + ' ') + 1;
    return text.replace(begin, text.find('\n', begin) + 1 - begin, line);
}

Handover with_any_bytes() {
    Handover handover;
    handover.listeners = {{{4}, "[::]:8888"}};
    handover.run_directory = "/tmp/a b\nc";
    handover.socket_path = std::string("/tmp/a b\nc/broker\0.sock", 23);
    handover.workers = {{4712, 1, ""}, {4713, UINT64_MAX, "192.0.2.7"}};
    handover.outbox = "worker 1 2\nend\n";
    handover.parent_counters = {0, UINT64_MAX, 7};
    return handover;
}

}  // namespace

Test(handover, one_of_version_0_3_0_is_understood) {
    const auto read = read_handover(kOf030);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->frame_version, 1);
    EXPECT_EQ(read->log_version, 1);
    EXPECT_EQ(read->table_version, 2);
    EXPECT_EQ(read->clients_max, 10'000);
    EXPECT_TRUE(read->has_terminal && read->made_run_directory);
    ASSERT_EQ(read->listeners.size(), 2);
    EXPECT_EQ(read->listeners[1].fd.number, 4);
    EXPECT_EQ(read->listeners[1].name, "127.0.0.1:8888");
    EXPECT_EQ(read->run_directory, "/tmp/chatd-65534");
    EXPECT_EQ(read->socket_path, "/tmp/chatd-65534/broker-8888.sock");
    EXPECT_EQ(read->broker, 4711);
    ASSERT_EQ(read->workers.size(), 2);
    EXPECT_EQ(read->workers[1].pid, 4713);
    EXPECT_EQ(read->workers[1].birth_ns, 81234567890999U);
    EXPECT_EQ(read->workers[1].address, "2001:db8:0:1::/64");
    EXPECT_EQ(read->outbox, "two\nlines");
    EXPECT_EQ(read->counters_version, 1);
    EXPECT_EQ(read->parent_counters.size(), 17);
    EXPECT_EQ(read->parent_counters[16], 25);
    EXPECT_EQ(read->metrics_name, "metrics.sock");
}

Test(handover, each_descriptor_of_it_is_where_it_belongs) {
    const auto read = read_handover(kOf030);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->broker_listener.number, 5);
    EXPECT_EQ(read->broker_place.number, 6);
    EXPECT_EQ(read->log_memory.number, 7);
    EXPECT_EQ(read->members_memory.number, 8);
    EXPECT_EQ(read->control_first.number, 9);
    EXPECT_EQ(read->control_second.number, 10);
    EXPECT_EQ(read->wakeup.number, 11);
    EXPECT_EQ(read->program_directory.number, 12);
    EXPECT_EQ(read->broker_counters.number, 13);
    EXPECT_EQ(read->metrics.number, 14);
    EXPECT_EQ(read->metrics_directory.number, 15);
    EXPECT_TRUE(read->fds() == (std::vector<int>{3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}));
}

// So 0.3.0 understands this program as well, as long as the formats are the same.
Test(handover, it_is_written_as_version_0_3_0_writes_it) {
    const auto read = read_handover(kOf030);
    ASSERT_TRUE(read.has_value());
    EXPECT_TRUE(write_handover(*read).starts_with(kOf030));
}

Test(handover, what_0_3_0_does_not_know_stands_behind_what_it_reads) {
    Handover handover = with_any_bytes();
    handover.ring_bytes = 4'194'304;
    handover.has_archive = true;
    handover.program_before = {16};
    handover.peers = {{4712, "192.0.2.7:51234"}, {4713, "[2001:db8::1]:7"}};
    handover.stopped.push_back({4713});
    handover.budgets = {{{17}, "192.0.2.7"}, {{18}, "2001:db8::/64"}};
    handover.lookout_listener = {19};
    handover.lookout_place = {20};
    handover.introductions = {{4713, {21}}};
    const auto read = read_handover(write_handover(handover));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->ring_bytes, 4'194'304);
    EXPECT_TRUE(read->has_archive);
    EXPECT_EQ(read->program_before.number, 16);
    EXPECT_EQ(read->fds().back(), 21);
    ASSERT_EQ(read->peers.size(), 2);
    EXPECT_EQ(read->peers[1].pid, 4713);
    EXPECT_EQ(read->peers[1].peer, "[2001:db8::1]:7");
    ASSERT_EQ(read->stopped.size(), 1);
    EXPECT_EQ(read->stopped[0].pid, 4713);
    ASSERT_EQ(read->budgets.size(), 2);
    EXPECT_EQ(read->budgets[1].fd.number, 18);
    EXPECT_EQ(read->budgets[1].address, "2001:db8::/64");
    EXPECT_EQ(read->lookout_listener.number, 19);
    EXPECT_EQ(read->lookout_place.number, 20);
    ASSERT_EQ(read->introductions.size(), 1);
    EXPECT_EQ(read->introductions[0].pid, 4713);
    EXPECT_EQ(read->introductions[0].fd.number, 21);
}

Test(handover, behind_the_end_any_line_may_be_missing_and_more_may_follow) {
    const auto old = read_handover(kOf030);
    ASSERT_TRUE(old.has_value());
    EXPECT_EQ(old->ring_bytes, 0);
    EXPECT_EQ(old->program_before.number, -1);
    const auto newer = read_handover(kOf030 + "program-before 16\nweather 13\n");
    ASSERT_TRUE(newer.has_value());
    EXPECT_EQ(newer->program_before.number, 16);
    EXPECT_FALSE(read_handover(kOf030 + "log-size x 0\n").has_value());
}

Test(handover, texts_may_hold_any_byte) {
    const auto read = read_handover(write_handover(with_any_bytes()));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(write_handover(*read), write_handover(with_any_bytes()));
    EXPECT_EQ(read->run_directory, with_any_bytes().run_directory);
    EXPECT_EQ(read->socket_path, with_any_bytes().socket_path);
    EXPECT_EQ(read->outbox, with_any_bytes().outbox);
    EXPECT_TRUE(read->parent_counters == with_any_bytes().parent_counters);
}

Test(handover, a_descriptor_that_is_not_there_is_none) {
    const auto read = read_handover(with_line("metrics", "metrics -1 -1 0:\n"));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->metrics.number, -1);
    EXPECT_EQ(read->fds().size(), 11);
}

Test(handover, a_server_without_clients_comes_over) {
    Handover empty;
    empty.listeners = {{{3}, "0.0.0.0:1"}};
    const auto read = read_handover(write_handover(empty));
    ASSERT_TRUE(read.has_value());
    EXPECT_TRUE(read->workers.empty());
    EXPECT_EQ(read->broker, -1);
}

// Programs before 0.3 wrote such handovers.
Test(handover, one_without_a_line_or_a_value_is_refused) {
    for (const char* word :
         {"formats", "clients-max", "terminal", "run-directory", "socket", "memory", "control",
          "bell", "program-directory", "broker", "counters", "metrics"}) {
        cr_expect(read_handover(with_line(word, "")) == std::nullopt, "%s", word);
    }
    EXPECT_FALSE(read_handover(with_line("worker", "worker 4712 1\n")).has_value());
}

Test(handover, one_that_is_cut_off_anywhere_is_refused) {
    for (std::size_t bytes = 0; bytes <= kOf030.rfind("end") + 3; ++bytes) {
        EXPECT_FALSE(read_handover(kOf030.substr(0, bytes)).has_value());
    }
}

Test(handover, one_of_another_format_is_refused) {
    std::string other = kOf030;
    other.replace(other.find("-1"), 2, "-2");
    EXPECT_FALSE(read_handover(other).has_value());
    EXPECT_FALSE(read_handover("GET / HTTP/1.1\r\n\r\n").has_value());
}

// A newer program may say more: this one would not know what it means.
Test(handover, an_unknown_line_is_refused) {
    std::string text = kOf030;
    text.insert(text.rfind("end"), "weather 13\n");
    EXPECT_FALSE(read_handover(text).has_value());
}

Test(handover, a_bad_value_is_refused) {
    for (const char* line : {"bell 99999999999\n", "bell x\n", "bell\n", "bell 1 2\n", "bell 1x\n",
                             "bell  1\n", "bell +1\n", "bells 1\n"}) {
        cr_expect(read_handover(with_line("bell", line)) == std::nullopt, "%s", line);
    }
    EXPECT_FALSE(read_handover(with_line("terminal", "terminal 2\n")).has_value());
    EXPECT_FALSE(read_handover(with_line("worker", "worker 1 -1 0:\n")).has_value());
    for (const char* text : {"99999999999999999999:x", "500:x", "x", "-1:x"}) {
        const std::string line = "run-directory 1 " + std::string(text) + '\n';
        cr_expect(read_handover(with_line("run-directory", line)) == std::nullopt, "%s", text);
    }
}

Test(handover, one_byte_missing_anywhere_crashes_nothing) {
    for (std::size_t at = 0; at < kOf030.size(); ++at) {
        std::string text = kOf030;
        text.erase(at, 1);
        (void)read_handover(text);
    }
}
