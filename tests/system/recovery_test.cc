// A broker that hangs, that is killed again and again, or that dies of one request.
#include <criterion/criterion.h>
#include <signal.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "protocol/counters.h"
#include "support/client.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/process.h"
#include "support/wait.h"
#include "support/where.h"

using namespace chatd::test;

TestSuite(recovery, .timeout = 90);

namespace {

constexpr const char* kRecovering =
    "… the room is recovering, please wait; what you said is not lost";
constexpr const char* kBack = "… the room is back";

// Waits longer than tests usually do, for the watchdog.
void wait_for_log(Daemon& daemon, const std::string& text) {
    for (const Deadline deadline = Clock::now() + 3 * kPatience; daemon.logged(text) == 0;) {
        if (Clock::now() > deadline) throw std::runtime_error("not logged: " + text);
        (void)wait_for(-1, 0, Clock::now() + std::chrono::milliseconds(20));
    }
}

void expect_replaced(Daemon& daemon, Client& alice, Client& bob, Where where = Where::here()) {
    const Caller caller(where);
    alice.expect_line(kRecovering);
    wait_for_log(daemon, "the broker does not answer");
    alice.expect_line(kBack);
    bob.expect_line("alice says: hello");
    alice.send_line("again");
    bob.expect_line("alice says: again");
    EXPECT_TRUE(alice.quiet() && bob.quiet());
    EXPECT_EQ(daemon.logged("broker ended: killed by signal 9"), 1);
}

// What the parent reads of its broker.
std::uint64_t steps_of_broker(const Daemon& daemon) {
    const std::filesystem::path fds = "/proc/" + std::to_string(daemon.pid()) + "/fd";
    for (const auto& fd : std::filesystem::directory_iterator(fds)) {
        if (!read_symlink(fd).string().starts_with("/memfd:chatd-counters")) continue;
        std::ifstream counters(fd.path(), std::ios::binary);
        chatd::BrokerCounters read{};
        counters.read(reinterpret_cast<char*>(&read), sizeof read);
        return read.steps;
    }
    throw std::runtime_error("no counters");
}

}  // namespace

// So the watchdog sees that a broker gets on, whose turn takes long.
Test(recovery, each_request_and_each_flush_is_a_step_of_the_broker) {
    Daemon daemon({"--sandbox", "off"});
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    const std::uint64_t before = steps_of_broker(daemon);
    for (int i = 0; i < 10; ++i) {
        alice.send_line("hello");
        bob.expect_line("alice says: hello");
    }
    EXPECT_GE(steps_of_broker(daemon), before + 20);
    daemon.finish();
}

Test(recovery, a_stopped_broker_is_replaced_and_each_message_comes_once) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    (void)kill(daemon.broker(), SIGSTOP);
    alice.send_line("hello");
    expect_replaced(daemon, alice, bob);
    daemon.finish();
}

// The first request stops the broker; the two Joins before it are no requests.
Test(recovery, a_broker_that_spins_is_replaced_as_well) {
    Daemon daemon(failing("broker:after-apply:1:spin"));
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    alice.send_line("hello");
    expect_replaced(daemon, alice, bob);
    daemon.finish();
}

Test(recovery, newcomers_wait_for_a_stopped_broker_and_then_get_in) {
    Daemon daemon;
    const pid_t broker = daemon.broker();
    (void)kill(broker, SIGSTOP);
    Client alice(daemon.port());
    alice.send_line("alice");
    alice.expect_line(
        "Your name: … the room is recovering, please wait; what you said is not lost");
    (void)kill(broker, SIGCONT);
    alice.expect_line(kBack);
    alice.expect("Welcome, alice.");
    EXPECT_EQ(daemon.logged("broker ended"), 0);
    daemon.finish();
}

Test(recovery, a_stopped_broker_is_left_alone_while_no_worker_waits_for_it) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    // The replay for a newcomer ends after the welcome. When this has come, all of it has.
    alice.send_line("/who");
    alice.expect("You are the only one here:\n");
    for (int i = 0; i < 2; ++i) (void)alice.line();  // the columns, and alice
    (void)kill(daemon.broker(), SIGSTOP);
    const std::uint64_t before = processor_ticks(daemon.pid());
    // Longer than the watchdog waits. Nothing may happen, so there is no event to wait for.
    (void)wait_for(alice.fd(), POLLIN, Clock::now() + std::chrono::seconds(12));
    EXPECT_TRUE(alice.quiet());
    // It learns that the broker has stopped, and that may fill up a tick of its user time and one
    // of its system time. A second has a hundred.
    EXPECT_LE(processor_ticks(daemon.pid()) - before, 2U);
    EXPECT_EQ(daemon.logged("does not answer"), 0);
    (void)kill(daemon.broker(), SIGCONT);
    daemon.finish();
}

Test(recovery, a_request_that_kills_three_brokers_is_refused_and_the_room_goes_on) {
    Daemon daemon(failing("broker:while-handling=poison:1+:kill"));
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    alice.send_line("harmless");
    bob.expect_line("alice says: harmless");
    alice.send_line("poison");
    alice.send_line("harmless again");
    alice.expect_line("The server stumbled over that and did not do it.");
    bob.expect_line("alice says: harmless again");
    daemon.wait_log("3 brokers in a row died of a request of alice: it is refused");
    EXPECT_EQ(daemon.logged("broker ended: killed by signal 9"), 3);
    EXPECT_TRUE(alice.quiet() && bob.quiet());
    daemon.finish();
}

Test(recovery, brokers_that_keep_dying_are_replaced_after_growing_pauses_and_clients_are_told) {
    Daemon daemon(failing("broker:start:1+:kill"));
    Client alice(daemon.port());
    alice.send_line("alice");
    daemon.wait_log("21 brokers in a row died young; the next one starts in 10 ms");
    daemon.wait_log("22 brokers in a row died young; the next one starts in 20 ms");
    daemon.wait_log("23 brokers in a row died young; the next one starts in 40 ms");
    alice.expect_line(std::string("Your name: ") + kRecovering);
    daemon.signal(SIGTERM);
    alice.expect_line("The server is shutting down. Goodbye.");
    alice.close();
    EXPECT_EQ(daemon.wait(), 0);
    daemon.expect_nothing_left();
}

Test(recovery, twenty_brokers_killed_in_a_row_under_load_cost_nobody_anything) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    int said = 0;
    pid_t broker = -1;
    for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 100; ++i) alice.send_line(std::to_string(said++));
        broker = daemon.broker(broker);
        (void)kill(broker, SIGKILL);
    }
    for (int heard = 0; heard < said; ++heard) {
        bob.expect_line("alice says: " + std::to_string(heard));
    }
    alice.expect_line("bob entered the chat room");
    EXPECT_TRUE(alice.quiet() && bob.quiet());
    for (int i = 0; i < 20; ++i) daemon.wait_log("broker ended: killed by signal 9");
    daemon.finish();
}
