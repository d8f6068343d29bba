#include "parent/handover.h"

#include <criterion/criterion.h>

#include <string>

#include "support/expect.h"

using chatd::Handover;
using chatd::read_handover;
using chatd::write_handover;

TestSuite(handover, .timeout = 20);

namespace {

Handover example() {
    Handover handover;
    handover.frame_version = 1;
    handover.log_version = 2;
    handover.table_version = 3;
    handover.clients_max = 10'000;
    handover.has_terminal = true;
    handover.listeners = {{4, "[::]:8888"}, {5, "127.0.0.1:8888"}};
    handover.run_directory = "/tmp/a b\nc";
    handover.made_run_directory = true;
    handover.socket_path = std::string("/tmp/a b\nc/broker\0.sock", 23);
    handover.broker_listener = 6;
    handover.broker_place = 7;
    handover.log_memory = 8;
    handover.members_memory = 9;
    handover.control_first = 10;
    handover.control_second = 11;
    handover.wakeup = 12;
    handover.program_directory = 13;
    handover.broker = 4711;
    handover.workers = {{4712, 1, "192.0.2.7"}, {4713, UINT64_MAX, ""}};
    handover.outbox = "worker 1 2\nend\n";
    handover.counters_version = 1;
    handover.broker_counters = 14;
    handover.parent_counters = {0, UINT64_MAX, 7};
    handover.metrics = 15;
    handover.metrics_directory = 16;
    handover.metrics_name = "a b.sock";
    return handover;
}

}  // namespace

Test(handover, everything_comes_over) {
    const auto read = read_handover(write_handover(example()));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(write_handover(*read), write_handover(example()));
    EXPECT_EQ(read->frame_version, 1);
    EXPECT_EQ(read->log_version, 2);
    EXPECT_EQ(read->table_version, 3);
    EXPECT_EQ(read->clients_max, 10'000);
    EXPECT_TRUE(read->has_terminal && read->made_run_directory);
    EXPECT_EQ(read->listeners.size(), 2);
    EXPECT_EQ(read->listeners[1].fd, 5);
    EXPECT_EQ(read->listeners[1].name, "127.0.0.1:8888");
    EXPECT_EQ(read->run_directory, example().run_directory);
    EXPECT_EQ(read->socket_path, example().socket_path);
    EXPECT_EQ(read->fds().size(), 13);
    EXPECT_EQ(read->program_directory, 13);
    EXPECT_EQ(read->broker, 4711);
    EXPECT_EQ(read->workers.size(), 2);
    EXPECT_EQ(read->workers[0].address, "192.0.2.7");
    EXPECT_EQ(read->workers[1].pid, 4713);
    EXPECT_EQ(read->workers[1].birth_ns, UINT64_MAX);
    EXPECT_EQ(read->outbox, example().outbox);
    EXPECT_EQ(read->counters_version, 1);
    EXPECT_EQ(read->broker_counters, 14);
    EXPECT_TRUE(read->parent_counters == example().parent_counters);
    EXPECT_EQ(read->metrics, 15);
    EXPECT_EQ(read->metrics_directory, 16);
    EXPECT_EQ(read->metrics_name, "a b.sock");
}

Test(handover, a_server_with_nobody_in_it_comes_over) {
    Handover empty;
    empty.listeners = {{3, "0.0.0.0:1"}};
    const auto read = read_handover(write_handover(empty));
    ASSERT_TRUE(read.has_value());
    EXPECT_TRUE(read->workers.empty());
    EXPECT_EQ(read->broker, -1);
}

// It counted nothing, and nobody could read that.
Test(handover, one_of_an_older_server_comes_over) {
    std::string text = write_handover(example());
    const std::size_t begin = text.find("counters ");
    text.erase(begin, text.rfind("end") - begin);
    const auto read = read_handover(text);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->broker_counters, -1);
    EXPECT_EQ(read->metrics, -1);
    EXPECT_TRUE(read->parent_counters.empty());
    EXPECT_EQ(read->fds().size(), example().fds().size() - 3);
}

Test(handover, one_that_is_cut_off_anywhere_is_refused) {
    const std::string whole = write_handover(example());
    const std::size_t last_word = whole.rfind("end");
    for (std::size_t bytes = 0; bytes < last_word + 3; ++bytes) {
        EXPECT_FALSE(read_handover(whole.substr(0, bytes)).has_value());
    }
}

Test(handover, one_of_another_format_is_refused) {
    std::string other = write_handover(example());
    other.replace(other.find("-1"), 2, "-2");
    EXPECT_FALSE(read_handover(other).has_value());
    EXPECT_FALSE(read_handover("GET / HTTP/1.1\r\n\r\n").has_value());
}

// A newer program may say more: this one would not know what it means.
Test(handover, a_word_that_nobody_knows_is_refused) {
    std::string text = write_handover(example());
    text.insert(text.rfind("end"), "weather 13\n");
    EXPECT_FALSE(read_handover(text).has_value());
}

Test(handover, numbers_that_are_too_large_or_none_are_refused) {
    for (const char* line :
         {"bell 99999999999\n", "bell x\n", "bell\n", "bell 1 2\n", "bell 1x\n", "terminal 2\n",
          "worker 1 -1\n", "outbox 99999999999999999999:x\n", "outbox 5:x\n", "outbox x\n"}) {
        std::string text = write_handover(example());
        text.insert(text.rfind("end"), line);
        EXPECT_FALSE(read_handover(text).has_value());
    }
}

Test(handover, one_byte_missing_anywhere_crashes_nothing) {
    const std::string whole = write_handover(example());
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string text = whole;
        text.erase(at, 1);
        (void)read_handover(text);
    }
}
