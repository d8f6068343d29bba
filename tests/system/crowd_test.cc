// Many people who come and go at once: the room is told in one line, whatever happens to the broker
// meanwhile.
#include <criterion/criterion.h>
#include <signal.h>

#include <charconv>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support/client.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/process.h"
#include "support/wait.h"
#include "support/where.h"

using namespace chatd::test;
namespace fs = std::filesystem;

TestSuite(crowds, .timeout = 30);

namespace {

constexpr std::size_t kPeople = 12;

std::size_t descriptors_of(pid_t pid) {
    const fs::directory_iterator all("/proc/" + std::to_string(pid) + "/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// A worker that has asked to join has a link to the broker, so one descriptor more than before.
bool all_have_asked(const std::vector<pid_t>& workers, std::size_t descriptors_before) {
    for (const pid_t pid : workers) {
        const auto worker = process(pid);
        if (!worker || worker->state != 'S' || descriptors_of(pid) != descriptors_before + 1) {
            return false;
        }
    }
    return true;
}

// Asks `condition` again and again until it is true.
template <class Condition>
void wait_until(Condition condition, Where where = Where::here()) {
    const Deadline deadline = soon();
    while (!condition()) {
        if (Clock::now() > deadline) throw failure("it does not come true", where);
        (void)wait_any({}, Clock::now() + std::chrono::milliseconds(1));
    }
}

std::vector<pid_t> workers_at_login(const Daemon& daemon) {
    std::vector<pid_t> pids;
    for (const Process& child : children(daemon.pid())) {
        if (child.cmdline.find("(login)") != std::string::npos) pids.push_back(child.pid);
    }
    return pids;
}

// kPeople clients come while the broker is stopped. It goes on when all of them have asked to join.
std::vector<Client> come_together(Daemon& daemon, Where where = Where::here()) {
    const Caller caller(where);
    std::vector<Client> people;
    for (std::size_t i = 0; i < kPeople; ++i) {
        people.emplace_back(daemon.port());
        people.back().expect("Your name: ");
    }
    std::vector<pid_t> workers;
    wait_until([&] { return (workers = workers_at_login(daemon)).size() == kPeople; });
    const std::size_t descriptors = descriptors_of(workers.at(0));
    const pid_t broker = daemon.broker();
    EXPECT_EQ(kill(broker, SIGSTOP), 0);
    for (std::size_t i = 0; i < kPeople; ++i) people[i].send_line("guest" + std::to_string(i));
    wait_until([&] { return all_have_asked(workers, descriptors); });
    EXPECT_EQ(kill(broker, SIGCONT), 0);
    return people;
}

// Counts the people that a line is about: "a, b, c and 9 others entered the chat room".
std::size_t people_in(std::string_view line) {
    const std::size_t others = line.find(" others ");
    std::size_t people = 1;
    for (const char c : line) people += c == ',' ? 1 : 0;
    const std::size_t last = line.find(" and ");
    if (others == std::string_view::npos) return people + (last != std::string_view::npos ? 1 : 0);
    std::size_t unnamed = 0;
    (void)std::from_chars(line.data() + last + 5, line.data() + others, unnamed);
    return people + unnamed;
}

void read_welcome(Client& guest) {
    guest.expect(" people are here: ");
    while (!guest.line().ends_with('.')) continue;  // Many names take several lines.
}

}  // namespace

Test(crowds, people_who_come_and_leave_together_are_told_of_in_one_line) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    {
        std::vector<Client> people = come_together(daemon);
        const std::string line = alice.line();
        EXPECT_TRUE(line.ends_with(" and 9 others entered the chat room"));
        EXPECT_EQ(people_in(line), kPeople);
        for (Client& guest : people) read_welcome(guest);
        EXPECT_EQ(kill(daemon.broker(), SIGSTOP), 0);
        for (Client& guest : people) guest.send_line("/quit");
        alice.send_line("all gone?");
        EXPECT_EQ(kill(daemon.broker(), SIGCONT), 0);
        for (Client& guest : people) guest.expect("Goodbye.\n");
    }
    std::size_t left = 0;
    while (left < kPeople) {
        const std::string line = alice.line();
        EXPECT_TRUE(line.find(" left the chat room") != std::string::npos);
        left += people_in(line);
    }
    EXPECT_EQ(left, kPeople);
    alice.send_line("/who");
    alice.expect_line("You are the only one here:");
    daemon.finish();
}

Test(crowds, a_newcomer_of_a_crowd_reads_of_everybody_who_came_later) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    std::vector<Client> people = come_together(daemon);
    EXPECT_EQ(people_in(alice.line()), kPeople);
    alice.send_line("is everybody here?");
    std::multiset<std::size_t> told;
    for (Client& guest : people) {
        read_welcome(guest);
        std::size_t came = 0;
        for (std::string line; !line.starts_with("alice says:"); line = guest.line()) {
            if (!line.empty()) came += people_in(line);
        }
        told.insert(came);
    }
    // The first one was told of eleven people, the last one of nobody.
    std::multiset<std::size_t> expected;
    for (std::size_t i = 0; i < kPeople; ++i) expected.insert(i);
    EXPECT_TRUE(told == expected);
    daemon.finish();
}

Test(crowds, nobody_notices_a_broker_that_dies_while_it_sends_crowds) {
    for (int pass = 2; pass < 8; ++pass) {
        Daemon daemon(failing("broker:in-fan-out:" + std::to_string(pass) + ":kill"));
        Client alice = join(daemon.port(), "alice");
        std::vector<Client> people = come_together(daemon);
        std::size_t came = 0;
        while (came < kPeople) came += people_in(alice.line());
        EXPECT_EQ(came, kPeople);
        alice.send_line("is everybody here?");
        for (Client& guest : people) guest.expect("alice says: is everybody here?\n");
        EXPECT_TRUE(daemon.logged("broker ended: killed") == 1);
        daemon.finish();
    }
}

Test(crowds, with_the_option_no_crowds_there_is_a_line_for_everybody) {
    Daemon daemon({"--no-crowds"});
    Client alice = join(daemon.port(), "alice");
    std::vector<Client> people = come_together(daemon);
    for (std::size_t i = 0; i < kPeople; ++i) EXPECT_EQ(people_in(alice.line()), 1);
    daemon.finish();
}

Test(crowds, slash_who_in_a_big_room_counts_shows_fifty_and_finds_by_beginning) {
    Daemon daemon;
    std::vector<Client> people;
    for (int i = 10; i < 70; ++i) people.push_back(join(daemon.port(), "m" + std::to_string(i)));
    Client alice = join(daemon.port(), "alice");
    alice.send_line("/who");
    alice.expect_line("61 people are here:");
    EXPECT_TRUE(alice.line().starts_with("  name "));
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(alice.line().starts_with("  "));
    alice.expect_line("  … and 11 more. /who al shows those whose name begins with al.");
    alice.send_line("/who M6");
    alice.expect_line("Names that begin with M6, 10 of 61:");
    EXPECT_TRUE(alice.line().starts_with("  name "));
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(alice.line().starts_with("  m6"));
    EXPECT_TRUE(alice.quiet());
    daemon.finish();
}
