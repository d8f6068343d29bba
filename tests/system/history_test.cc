// These tests kill all processes at once, damage a history file while no server runs, and damage
// one while a server runs.
#include <criterion/criterion.h>
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/settings.h"
#include "log/log.h"
#include "support/client.h"
#include "support/command.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/file.h"
#include "support/process.h"
#include "support/spawn.h"
#include "support/wait.h"
#include "support/where.h"

using namespace chatd::test;
namespace fs = std::filesystem;

TestSuite(history, .timeout = 60);

namespace {

using Lines = std::vector<std::string>;

constexpr int kMessages = 200;

// Each server takes that much longer to start and to end; the loops that start many do less then.
constexpr int kSlowness = chatd::kSanitized ? 3 : 1;

// A line that is like no other line.
std::string words(int number) {
    return "number " + std::to_string(number) + '.' +
           std::string(static_cast<std::size_t>(number) * 7 % 300, 'x');
}

void talk(Client& client, int messages) {
    for (int i = 0; i < messages; ++i) client.send_line(words(i));
    client.send_line("/who");  // answered after these messages
    client.expect(" here:\n");
}

// The messages said to all that `client` is shown.
Lines past(Client& client) {
    client.send_line("/who");
    client.expect(" here:\n");
    client.send_line("/history 1000");
    client.send_line("/who");
    std::istringstream text(client.expect(" here:\n"));
    Lines lines;
    for (std::string line; std::getline(text, line);) {
        const std::size_t said = line.find(" says: ");
        if (said != std::string::npos) lines.push_back(line.substr(said + 7));
    }
    return lines;
}

Lines past(const Daemon& daemon) {
    Client reader = join(daemon.port(), "reader");
    Lines lines = past(reader);
    reader.send_line("/quit");
    (void)reader.rest();  // The name is free again.
    return lines;
}

// A history of kMessages messages of alice, and what a start makes of it when it is damaged.
class Chronicle {
  public:
    Chronicle() {
        Daemon daemon({"--history", path, "--history-size", "65536"});
        Client alice = join(daemon.port(), "alice");
        talk(alice, kMessages);
        daemon.finish();
        whole = contents(path);
        for (int i = 0; i < kMessages; ++i) lines.push_back(words(i));
    }

    // Writes the file anew with these bytes.
    void begin_with(const std::string& bytes) const {
        for (const auto& entry : fs::directory_iterator(scratch.path())) fs::remove(entry.path());
        write_file_for_chatd(path, bytes);
    }

    [[nodiscard]] int files() const {
        int count = 0;
        for (const auto& entry : fs::directory_iterator(scratch.path())) count += entry.exists();
        return count;
    }

    // The messages that a server shows when it finds these bytes in the file.
    Lines shown(const std::string& bytes, Where where = Where::here()) const {
        const Caller caller(where);
        begin_with(bytes);
        Daemon daemon({"--history", path});
        const bool repaired =
            daemon.log().find("the damaged file is " + damaged) != std::string::npos;
        EXPECT_EQ(repaired, fs::exists(damaged));
        if (repaired) EXPECT_TRUE(contents(damaged) == bytes);
        EXPECT_FALSE(fs::exists(path + ".new"));
        const Lines found = past(daemon);
        daemon.finish();
        EXPECT_EQ(daemon.log().find("history: ") != std::string::npos, repaired);
        return found;
    }

    // The place of the first message of alice.
    [[nodiscard]] std::size_t place(int number) const { return whole.find(words(number)); }

    Scratch scratch;
    std::string path = scratch.path() + "/history";
    std::string damaged = path + ".damaged-1";
    std::string whole;
    Lines lines;
};

// Returns true when `found` is `whole`, or `whole` without one line.
bool lacks_one_at_most(const Lines& found, const Lines& whole) {
    if (found.size() + 1 < whole.size()) return false;
    std::size_t missing = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (missing == 0 && found[i] != whole[i]) missing = 1;
        if (i + missing >= whole.size() || found[i] != whole[i + missing]) return false;
    }
    return true;
}

void cut(const std::string& path, std::size_t bytes, Where where = Where::here()) {
    const Caller caller(where);
    ASSERT_EQ(truncate(path.c_str(), static_cast<off_t>(bytes)), 0);
}

std::string faulty() {
    return std::string(std::getenv("HELPERS")) + "/chatd-faults";
}

// A start whose process for the history is killed.
void die_at_start(const std::string& path, const std::string& fault, Where where = Where::here()) {
    const Caller caller(where);
    const Scratch scratch;
    const Command::Result result =
        Command::run({faulty(), "-b", "127.0.0.1", "-p", "0", "--run-dir", scratch.path() + "/run",
                      "--history", path},
                     {}, {.env = {{"CHATD_FAULT", fault}}});
    ASSERT_EQ(result.status, 71);
    EXPECT_CONTAINS(result.out,
                    "chatd: the process that reads the history ended: killed by signal 9\n");
    EXPECT_TRUE(reap_strays(soon()).empty());
}

// A sanitizer would report the signal as an error of the program.
DaemonOptions in_use(const std::string& path) {
    return {.args = {"--history", path, "--history-size", "65536"},
            .env = {{"ASAN_OPTIONS", "handle_sigbus=0"}}};
}

}  // namespace

// --- All processes killed at once

Test(history, messages_that_somebody_has_read_outlive_the_death_of_all_processes_at_once) {
    const Scratch scratch;
    const std::string path = scratch.path() + "/history";
    Lines read;
    int said = 0;
    constexpr int kRounds = 15 / kSlowness;
    for (int round = 0; round < kRounds; ++round) {
        Daemon daemon({"--history", path});
        Client alice = join(daemon.port(), "alice");
        Client bob = join(daemon.port(), "bob");
        Client carol = join(daemon.port(), "carol");
        EXPECT_LACKS(daemon.log(), "history: ");
        for (int i = 0; i < 40 + round; ++i) {
            alice.send_line(words(said++));
            bob.send_line(words(said++));
        }
        carol.expect(" says: ");
        kill(-daemon.pid(), SIGKILL);
        (void)daemon.wait();
        EXPECT_TRUE(reap_strays(soon()).empty());

        std::istringstream text("bob says: " + carol.rest());
        for (std::string line; std::getline(text, line) && !text.eof();) {
            const std::size_t words_at = line.find(" says: ");
            if (words_at != std::string::npos) read.push_back(line.substr(words_at + 7));
        }
        Daemon next({"--history", path});
        const Lines kept = past(next);
        EXPECT_LACKS(next.log(), "history: ");
        for (const std::string& line : read) {
            if (kept.size() == 1000) break;
            ASSERT_TRUE(std::ranges::count(kept, line) == 1);
        }
        next.finish();
    }
    EXPECT_GT(read.size(), static_cast<std::size_t>(kRounds));
}

// --- What private words, comings and goings cannot push out

namespace {

// Far more than the log holds.
void whisper(Client& client, const std::string& name) {
    for (int i = 0; i < 200; ++i) {
        client.send_line("/msg " + name + ' ' + std::string(4000, 'x'));
        client.expect(name + " tells you: " + std::string(4000, 'x') + '\n');
    }
}

}  // namespace

// Once a single client had pushed out everything in 23 seconds.
Test(history, what_was_said_to_all_outlasts_private_words_brokers_programs_and_the_server) {
    constexpr int kSaid = 100;
    const Scratch scratch;
    Lines said;
    for (int i = 0; i < kSaid; ++i) said.push_back(words(i));
    {
        Daemon daemon(in_use(scratch.path() + "/history"));
        Client alice = join(daemon.port(), "alice");
        talk(alice, kSaid);
        Client bob = join(daemon.port(), "bob");
        whisper(bob, "bob");
        EXPECT_EQ(past(daemon), said);
        ASSERT_EQ(kill(daemon.broker(), SIGKILL), 0);
        EXPECT_EQ(past(daemon), said);
        daemon.signal(SIGHUP);
        daemon.wait_log("upgraded");
        EXPECT_EQ(past(daemon), said);
        daemon.finish();
    }
    Daemon daemon(in_use(scratch.path() + "/history"));
    EXPECT_EQ(past(daemon), said);
    daemon.finish();
}

Test(history, a_newcomer_is_shown_what_was_said_to_all_before_the_private_words) {
    Daemon daemon({"--history-size", "65536"});
    Client alice = join(daemon.port(), "alice");
    alice.send_line("said to all");
    whisper(alice, "alice");
    Client bob = join(daemon.port(), "bob");
    bob.expect("] alice says: said to all\n");
    daemon.finish();
}

Test(history, an_archive_that_is_cut_off_in_use_costs_only_what_was_in_it) {
    const Scratch scratch;
    const std::string path = scratch.path() + "/history";
    Daemon daemon(in_use(path));
    Client alice = join(daemon.port(), "alice");
    alice.send_line("said long ago");
    whisper(alice, "alice");
    alice.send_line("said just now");
    EXPECT_EQ(past(daemon), (Lines{"said long ago", "said just now"}));
    ASSERT_EQ(truncate(path.c_str(), chatd::log_memory_bytes(65536)), 0);
    ASSERT_EQ(kill(daemon.broker(), SIGKILL), 0);
    daemon.wait_log("]: history: 2 damaged places");
    EXPECT_EQ(past(daemon), Lines{"said just now"});
    daemon.finish();
}

// --- Damaged while no server runs

namespace {

// One bit of the byte there is flipped.
void expect_one_lost_at_most(const Chronicle& chronicle, std::size_t at,
                             Where where = Where::here()) {
    const Caller caller(where);
    std::string bytes = chronicle.whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
    EXPECT_TRUE(lacks_one_at_most(chronicle.shown(bytes), chronicle.lines));
}

}  // namespace

Test(history, a_file_cut_short_keeps_its_whole_entries) {
    const Chronicle chronicle;
    EXPECT_EQ(chronicle.shown(chronicle.whole), chronicle.lines);
    EXPECT_EQ(chronicle.shown(""), Lines{});
    for (const std::size_t length : {10U, 4095U, 4096U, 4200U}) {
        EXPECT_EQ(chronicle.shown(chronicle.whole.substr(0, length)), Lines{});
    }
    for (const int number : {1, 2, 50, 100, 198, 199}) {
        EXPECT_EQ(chronicle.shown(chronicle.whole.substr(0, chronicle.place(number))),
                  Lines(chronicle.lines.begin(), chronicle.lines.begin() + number));
    }
    EXPECT_EQ(chronicle.shown(chronicle.whole.substr(0, chronicle.whole.size() - 1)),
              chronicle.lines);
    EXPECT_EQ(chronicle.shown(chronicle.whole + "more"), chronicle.lines);
}

Test(history, a_flipped_byte_of_the_header_costs_one_message_at_most) {
    const Chronicle chronicle;
    for (std::size_t at = 0; at < sizeof(chatd::LogHeader); at += 3 * kSlowness) {
        expect_one_lost_at_most(chronicle, at);
    }
}

Test(history, a_flipped_byte_of_the_ring_costs_one_message_at_most) {
    const Chronicle chronicle;
    for (std::size_t at = sizeof(chatd::LogHeader); at < chronicle.whole.size();
         at += 4999 * kSlowness) {
        expect_one_lost_at_most(chronicle, at);
    }
}

Test(history, a_damaged_header_costs_nothing) {
    const Chronicle chronicle;
    constexpr std::pair<std::size_t, std::size_t> kFields[] = {
        {offsetof(chatd::LogHeader, magic), 8},
        {offsetof(chatd::LogHeader, version), 4},
        {offsetof(chatd::LogHeader, header_bytes), 4},
        {offsetof(chatd::LogHeader, ring_bytes), 8},
        {offsetof(chatd::LogHeader, tail), 8},
        {offsetof(chatd::LogHeader, head), 8},
        {0, sizeof(chatd::LogHeader)}};
    for (const auto& [begin, size] : kFields) {
        for (const char instead : {'\0', '\x10', '\xff'}) {
            std::string bytes = chronicle.whole;
            bytes.replace(begin, size, size, instead);
            EXPECT_EQ(chronicle.shown(bytes), chronicle.lines);
        }
    }
}

Test(history, the_loss_is_told_in_one_line) {
    const Chronicle chronicle;
    std::string bytes = chronicle.whole;
    for (const int number : {20, 30, 150}) bytes[chronicle.place(number)] ^= 1;
    write_file_for_chatd(chronicle.path, bytes);
    Daemon daemon({"--history", chronicle.path});
    const std::string line = daemon.wait_log("history: ");
    EXPECT_CONTAINS(line, "]: history: 3 damaged places, ");
    // Alice came and went, and the room closed.
    EXPECT_CONTAINS(line, " bytes lost, 199 entries kept; the damaged file is ");
    EXPECT_TRUE(contents(chronicle.damaged) == bytes);
    daemon.finish();
}

Test(history, a_repaired_history_is_refused_to_a_second_server) {
    const Chronicle chronicle;
    write_file_for_chatd(chronicle.path, chronicle.whole.substr(0, 30'000));
    Daemon daemon({"--history", chronicle.path});
    const Scratch scratch;
    const Command::Result second =
        run_to_end({"-b", "127.0.0.1", "-p", "0", "--run-dir", scratch.path() + "/run", "--history",
                    chronicle.path});
    EXPECT_EQ(second.status, 69);
    EXPECT_CONTAINS(second.err, "in use by another chatd");
    daemon.finish();
}

Test(history, a_repair_that_was_killed_between_any_two_steps_is_done_again) {
    const Chronicle chronicle;
    std::string bytes = chronicle.whole;
    bytes[chronicle.place(100)] ^= 1;
    Lines others = chronicle.lines;
    others.erase(others.begin() + 100);
    for (const std::string step : {"begun", "filled", "ready", "renamed"}) {
        chronicle.begin_with(bytes);
        die_at_start(chronicle.path, "parent:history-" + step + ":1:kill");
        EXPECT_TRUE(contents(step == "renamed" ? chronicle.damaged : chronicle.path) == bytes);
        Daemon daemon({"--history", chronicle.path});
        EXPECT_EQ(past(daemon), others);
        EXPECT_TRUE(contents(chronicle.damaged) == bytes);
        EXPECT_EQ(chronicle.files(), 2);
        daemon.finish();
    }
}

Test(history, a_new_history_whose_maker_was_killed_is_made_again) {
    for (const std::string step : {"begun", "ready", "renamed"}) {
        const Scratch scratch;
        const std::string path = scratch.path() + "/history";
        die_at_start(path, "parent:history-" + step + ":1:kill");
        Daemon daemon({"--history", path});
        EXPECT_LACKS(daemon.log(), "history: ");
        EXPECT_EQ(past(daemon), Lines{});
        daemon.finish();
    }
}

// --- Damaged while in use

Test(history, a_file_cut_short_in_use_costs_only_what_was_cut_off) {
    for (const std::size_t length : {0U, 10U, 4096U, 20'000U}) {
        const Scratch scratch;
        const std::string path = scratch.path() + "/history";
        Daemon daemon(in_use(path));
        Client alice = join(daemon.port(), "alice");
        Client bob = join(daemon.port(), "bob");
        talk(alice, kMessages);
        bob.expect(words(kMessages - 1));
        cut(path, length);
        alice.send_line("is anybody there?");
        bob.expect("alice says: is anybody there?\n");
        bob.send_line("yes");
        alice.expect("bob says: yes\n");
        const std::string line = daemon.wait_log("]: history: ");
        EXPECT_CONTAINS(line, "the damaged file is " + path + ".damaged-1");
        EXPECT_EQ(fs::file_size(path + ".damaged-1"), length);

        // A client that comes now is new: it must not read what was said to others.
        Client carol = join(daemon.port(), "carol");
        alice.send_line("/msg bob secret");
        bob.expect("secret\n");
        bob.send_line("to all");
        carol.expect("bob says: to all\n");
        const Lines kept = past(carol);
        EXPECT_EQ(Lines(kept.end() - 3, kept.end()), (Lines{"is anybody there?", "yes", "to all"}));
        for (std::size_t i = 0; i + 3 < kept.size(); ++i)
            EXPECT_EQ(kept[i], words(static_cast<int>(i)));
        EXPECT_EQ(kept.size() > 50, length == 20'000);
        daemon.finish();
        EXPECT_EQ(daemon.log().find("]: history: "), daemon.log().rfind("]: history: "));

        Daemon again({"--history", path});
        EXPECT_EQ(past(again), kept);
        EXPECT_LACKS(again.log(), "history: ");
        again.finish();
    }
}

Test(history, without_memory_to_repair_it_people_stay_connected) {
    const Scratch scratch;
    const std::string path = scratch.path() + "/history";
    DaemonOptions options = in_use(path);
    options.program = faulty();
    options.env["CHATD_FAULT"] = "parent:history-read:1:nomem";
    Daemon daemon(options);
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    talk(alice, kMessages);
    bob.expect(words(kMessages - 1));
    cut(path, 20'000);
    alice.send_line("hello");
    bob.expect("alice says: hello\n");
    daemon.wait_log("no memory to repair it");
    EXPECT_EQ(past(bob), Lines{"hello"});
    daemon.finish();
    Daemon again({"--history", path});
    again.wait_log("]: history: ");
    EXPECT_GT(past(again).size(), 50U);
    again.finish();
}

namespace {

// A room whose history was cut short, and whose repair is stopped in the middle.
struct StoppedRepair {
    Scratch scratch;
    std::string path = scratch.path() + "/history";
    Daemon daemon{options()};
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");

    StoppedRepair() {
        talk(alice, kMessages);
        bob.expect(words(kMessages - 1));
        cut(path, 20'000);
        alice.send_line("hello");
    }

    // Waits for the process that repairs.
    [[nodiscard]] pid_t repair() const {
        for (const Deadline deadline = soon(); Clock::now() < deadline;) {
            for (const Process& process : processes(daemon.pid())) {
                if (process.comm == "chatd-repair" && process.state == 'T') return process.pid;
            }
        }
        throw std::runtime_error("nothing repairs the history");
    }

  private:
    [[nodiscard]] DaemonOptions options() const {
        DaemonOptions options = in_use(path);
        options.program = faulty();
        options.env["CHATD_FAULT"] = "parent:history-read:1:stop";
        return options;
    }
};

}  // namespace

// Once nobody could come in meanwhile: of a history of 1 GiB, for seven seconds.
Test(history, a_repair_in_use_holds_up_nobody_who_comes) {
    StoppedRepair room;
    const pid_t repair = room.repair();
    Client carol(room.daemon.port());
    carol.expect("Your name: ");
    room.daemon.signal(SIGHUP);
    room.daemon.wait_log("no upgrade: the history is being repaired");
    (void)kill(repair, SIGCONT);
    room.bob.expect("alice says: hello\n");
    EXPECT_CONTAINS(room.daemon.log(), "the damaged file is " + room.path + ".damaged-1");
    carol.send_line("carol");
    carol.expect("Welcome, carol.");
    room.daemon.finish();
}

Test(history, a_repair_in_use_that_dies_leaves_the_room_in_memory) {
    StoppedRepair room;
    (void)kill(room.repair(), SIGKILL);
    room.bob.expect("alice says: hello\n");
    room.daemon.wait_log("it could not be repaired; the log goes on in memory");
    EXPECT_EQ(past(room.bob), Lines{"hello"});
    room.daemon.finish();
    Daemon again({"--history", room.path});
    EXPECT_GT(past(again).size(), 50U);
    again.finish();
}

Test(history, a_server_that_repairs_its_history_ends_when_it_is_told_to) {
    StoppedRepair room;
    (void)room.repair();
    room.daemon.finish();
}

Test(history, bytes_that_flip_in_use_hide_what_follows_until_the_next_start) {
    const Scratch scratch;
    const std::string path = scratch.path() + "/history";
    {
        Daemon daemon({"--history", path});
        Client alice = join(daemon.port(), "alice");
        talk(alice, kMessages);
        const std::size_t place = contents(path).find(words(100));
        std::fstream(path).seekp(static_cast<std::streamoff>(place)).put('N');
        for (const Process& process : processes(daemon.pid())) {
            if (process.comm == "chatd-broker") kill(process.pid, SIGKILL);
        }
        daemon.wait_log("of the log were not whole and are gone");
        Lines kept;
        for (int i = 0; i < 100; ++i) kept.push_back(words(i));
        EXPECT_EQ(past(alice), kept);
        daemon.finish();
    }
    Daemon daemon({"--history", path});
    daemon.wait_log("]: history: ");
    // After this message nobody said anything, but some people came and went.
    const Lines kept = past(daemon);
    EXPECT_GT(kept.size(), 180U);
    EXPECT_EQ(kept.back(), words(kMessages - 1));
    daemon.finish();
}

Test(history, a_file_that_is_replaced_and_cut_short_leaves_the_room_in_memory) {
    const Scratch scratch;
    const std::string path = scratch.path() + "/history";
    Daemon daemon(in_use(path));
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    talk(alice, kMessages);
    bob.expect(words(kMessages - 1));
    fs::rename(path, path + ".moved");
    write_file_for_chatd(path, "somebody else's");
    cut(path + ".moved", 20'000);
    alice.send_line("hello");
    bob.expect("alice says: hello\n");
    EXPECT_CONTAINS(daemon.wait_log("]: history: "), "in memory alone from now on");
    const Lines kept = past(bob);
    EXPECT_EQ(kept.front(), words(0));
    EXPECT_EQ(kept.back(), "hello");
    EXPECT_GT(kept.size(), 50U);
    EXPECT_EQ(contents(path), "somebody else's");
    daemon.finish();
}

// Once chatd, started as root, made the file wherever the link pointed.
Test(history, a_file_behind_a_link_is_made_by_the_user_of_chatd_and_not_by_root) {
    if (geteuid() != 0) cr_skip_test("only root becomes somebody else");
    const Scratch scratch;
    const std::string roots = scratch.path() + "/roots";
    ASSERT_TRUE(fs::create_directory(roots));
    fs::create_symlink(roots + "/history", scratch.path() + "/history");
    const Command::Result result =
        run_to_end({"-b", "127.0.0.1", "-p", "0", "--run-dir", scratch.path() + "/run", "--history",
                    scratch.path() + "/history"});
    EXPECT_EQ(result.status, 69);
    EXPECT_CONTAINS(result.err, " as user 65534, see --user: Permission denied");
    EXPECT_TRUE(fs::is_empty(roots));
    EXPECT_FALSE(fs::exists(scratch.path() + "/run"));
}
