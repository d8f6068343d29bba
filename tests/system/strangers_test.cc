// Clients that are no people with nc: scanners, broken clients and attackers.
#include <criterion/criterion.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/settings.h"
#include "protocol/frame.h"
#include "support/client.h"
#include "support/daemon.h"
#include "support/escape.h"
#include "support/expect.h"
#include "support/link.h"
#include "support/process.h"
#include "support/where.h"

using namespace chatd::test;
using chatd::EntryKind;
using chatd::LeaveReason;
using namespace std::string_literals;

TestSuite(strangers, .timeout = 60);

namespace {

// The first bytes that scanners and other protocols send to open ports, and what they read for an
// answer: see kind_of().
struct Knock {
    std::string bytes;
    std::string_view answer;
};

constexpr std::string_view kAskedAgain = "asked again";
constexpr std::string_view kAskedAtMost = "asked at most";  // Asking may take a moment.

const Knock kKnocks[] = {
    // TLS, SSH, and proxies in front of them
    {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, "no TLS"},
    {"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"s, "no SSH"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 51234 8888\r\n"s, "no PROXY"},
    {"PROXY UNKNOWN\r\n"s, "no PROXY"},
    {"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\xc8\x22\x22\xb8"s, "no PROXY"},
    // HTTP, whole and not, and what looks like it
    {"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"s, "200, a page"},
    {"HEAD / HTTP/1.0\r\n\r\n"s, "200"},
    {"GET /.env HTTP/1.1\r\nHost: example.org\r\n\r\n"s, "404"},
    {"POST /x HTTP/1.0\r\nContent-Length: 9\r\n\r\n/quit now"s, "404"},
    {"POST / HTTP/1.0\r\nContent-Length: 9\r\n\r\n/quit now"s, "405"},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\x04\0\0\0\0\0"s, "505"},
    {"CONNECT example.org:443 HTTP/1.1\r\n\r\n"s, "400"},
    {"GET / HTTP/1.1\r\nHost: exam"s, "400"},
    {"GET / HTTP/1.1"s, "400"},
    {"GET /\r\n"s, kAskedAgain},
    {"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP x\r\n\r\n"s, kAskedAgain},
    // remote desktops and files
    {"\x03\0\0\x2c\x27\xe0\0\0\0\0\0"
     "Cookie: mstshash=hello\r\n\1\0\x08\0\3\0\0\0"s,
     kAskedAgain},
    {"\0\0\0\x85\xffSMB\x72\0\0\0\0\x18\x53\xc8"s, kAskedAgain},
    {"\0\0\0\x9a\xfeSMB@\0\1\0"s, kAskedAgain},
    {"RFB 003.008\n"s, kAskedAgain},
    {"\0\0\0\x28\x72\xfe\x1d\x13\0\0\0\0\0\0\0\2"s, kAskedAgain},
    // databases, queues and caches
    {"*1\r\n$4\r\nPING\r\n"s, kAskedAgain},
    {"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$1\r\ny\r\n"s, kAskedAgain},
    {"\x4a\0\0\1\x85\xa6\x3f\x20\0\0\0\1\x21\0\0\0root\0"s, kAskedAgain},
    {"\0\0\0\x08\x04\xd2\x16\x2f"s, kAskedAgain},
    {"\x3a\0\0\0\1\0\0\0\0\0\0\0\xd4\7\0\0admin.$cmd\0"s, kAskedAgain},
    {"\x80\0\0\0stats\r\n"s, kAskedAgain},
    {"AMQP\0\0\x09\1"s, kAskedAgain},
    {"\x10\x0e\0\4MQTT\4\2\0\x3c\0\2id"s, kAskedAgain},
    // mail, names, directories, chat
    {"EHLO example.org\r\n"s, kAskedAgain},
    {"USER anonymous\r\nPASS x\r\n"s, kAskedAgain},
    {"NICK root\r\nUSER root 0 * :root\r\n"s, kAskedAgain},
    {"\0\x1e\x12\x34\1\0\0\1\0\0\0\0\0\0\7version\4bind\0\0\x10\0\3"s, kAskedAgain},
    {"\x30\x0c\2\1\1\x60\7\2\1\3\4\0\x80\0"s, kAskedAgain},
    {"<?xml version='1.0'?><stream:stream to='x'>"s, kAskedAgain},
    // proxies, peers, displays
    {"\x05\1\0"s, kAskedAgain},
    {"\x04\1\0\x50\xc0\0\2\1\0"s, kAskedAgain},
    {"\x13"
     "BitTorrent protocol\0\0\0\0\0\x10\0\5"s,
     kAskedAgain},
    {"l\0\x0b\0\0\0\0\0\0\0\0\0"s, kAskedAgain},
    {"JRMI\0\2K"s, kAskedAgain},
    // texts of another encoding, and bytes that are no text
    {"\xff\xfe"
     "a\0l\0i\0c\0e\0\r\0\n\0"s,
     kAskedAgain},
    {"\xfe\xff\0a\0l\0i\0c\0e\0\r\0\n"s, kAskedAgain},
    {"\xef\xbb\xbf\xef\xbb\xbf\n"s, kAskedAgain},
    {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"s, kAskedAgain},
    {"\xff\xff\xff\xff\xff\xff\xff\xff\xff"s, kAskedAgain},
    {"\xff\xfa\x18\1\xff"s, kAskedAtMost},
    {"%s%s%s%n%n%n\n"s, kAskedAgain},
    {"../../../../etc/passwd\0\n"s, kAskedAgain},
    {"$(reboot)`reboot`;reboot\n"s, kAskedAgain},
    {"\x1b[2J\x1b]0;title\7\x1b[6n\n"s, kAskedAgain},
};

// An answer in short. "200" to "505": a response of HTTP; "no TLS": the line that says so behind
// the question for a name; kAskedAgain: a name was refused; otherwise mostly the answer itself.
std::string kind_of(const std::string& answer) {
    const std::string_view http = "HTTP/1.1 ";
    if (answer.starts_with(http)) {
        const bool has_page = answer.ends_with("</html>\n");
        return answer.substr(http.size(), 3) + (has_page ? ", a page" : "");
    }
    const std::string question = "Your name: ";
    if (question.starts_with(answer)) return std::string(kAskedAtMost);
    const std::string polite = question + "\nThis chat is plain text, as nc sends it; ";
    const std::string_view not_spoken = " is not spoken here. Goodbye.\n";
    if (answer.starts_with(polite) && answer.ends_with(not_spoken)) {
        return "no " +
               answer.substr(polite.size(), answer.size() - polite.size() - not_spoken.size());
    }
    const bool is_asked_again = answer.starts_with(question) && answer.ends_with('\n' + question);
    return is_asked_again ? std::string(kAskedAgain) : answer;
}

// The pid of the worker that a line of the journal is about.
pid_t pid_in(const std::string& line) {
    return std::stoi(line.substr(line.find(", pid ") + 6));
}

// Nothing in the journal draws, moves the cursor or begins another line, not even by C1 controls.
bool is_plain(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (byte < 0x20 || byte == 0x7f) return false;
        const std::string_view rest = text.substr(at);
        if (byte == 0xc2 && rest.size() > 1 && static_cast<unsigned char>(rest[1]) < 0xa0)
            return false;
        for (const char* bad : {"\u2028", "\u2029", "\u202e", "\u2066", "\ufeff"}) {
            if (rest.starts_with(bad)) return false;
        }
    }
    return true;
}

void expect_plain_log(Daemon& daemon, Where where = Where::here()) {
    const Caller caller(where);
    std::string_view log = daemon.log();
    EXPECT_TRUE(log.ends_with('\n'));
    while (!log.empty()) {
        const std::string line(log.substr(0, log.find('\n')));
        log.remove_prefix(line.size() + 1);
        EXPECT_TRUE(line.starts_with("chatd[parent ") || line.starts_with("chatd[broker "));
        EXPECT_TRUE(is_plain(line));
        EXPECT_LACKS(line, "]: root joined");
    }
}

void expect_plain_titles(const Daemon& daemon, Where where = Where::here()) {
    const Caller caller(where);
    for (const Process& process : processes(daemon.pid())) {
        EXPECT_TRUE(is_plain(process.cmdline));
        EXPECT_TRUE(is_plain(process.comm));
    }
}

// Sanitizers keep freed memory.
constexpr std::uint64_t kGrowthKib = chatd::kSanitized ? 512 * 1024 : 1024;

}  // namespace

Test(strangers, scanners_and_other_protocols_cost_nobody_anything) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    for (const auto& [bytes, answer] : kKnocks) {
        for (const std::size_t piece : {bytes.size(), std::size_t{1}}) {
            Client stranger(daemon.port());
            for (std::size_t at = 0; at < bytes.size(); at += piece) {
                (void)send(stranger.fd(), bytes.data() + at, std::min(piece, bytes.size() - at),
                           MSG_NOSIGNAL);
            }
            (void)shutdown(stranger.fd(), SHUT_WR);
            EXPECT_EQ(escaped(bytes) + " reads: " + kind_of(stranger.rest()),
                      escaped(bytes) + " reads: " + std::string(answer));
            (void)daemon.wait_log(" ended, pid ");
        }
    }
    EXPECT_EQ(daemon.logged("killed by signal"), 0);
    EXPECT_EQ(daemon.logged("exit status"), 0);
    expect_plain_log(daemon);
    Client bob = join(daemon.port(), "bob");
    bob.send_line("still here");
    alice.expect("bob says: still here\n");
    daemon.finish();
}

Test(strangers, a_proxy_protocol_is_refused_in_both_versions) {
    Daemon daemon;
    for (const std::string& header :
         {"PROXY TCP4 192.0.2.1 192.0.2.2 51234 8888\r\n"s,
          "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\xc8\x22\x22\xb8"s}) {
        Client proxy(daemon.port());
        proxy.send(header);
        proxy.expect("as nc sends it; PROXY is not spoken here. Goodbye.\n");
        proxy.expect_eof();
    }
    daemon.finish();
}

Test(strangers, a_byte_order_mark_is_understood) {
    Daemon daemon;
    Client alice(daemon.port());
    alice.send(
        "\xef\xbb\xbf"
        "alice\r\n");
    alice.expect("Welcome, alice.");
    daemon.finish();
}

Test(strangers, no_name_can_forge_lines_of_the_journal_or_titles) {
    Daemon daemon(with_strangers());
    Client alice = join(daemon.port(), "alice");
    const std::string forged = "chatd[broker 1]: root joined, pid 1";
    std::vector<std::string> names = {"eve\n" + forged, "eve\r\n" + forged, "eve\r" + forged,
                                      "eve\r\0"s + forged};
    for (const char* middle : {"\x1b[2J",
                               "\x1b]0;x\7",
                               "\x9b"
                               "2J",
                               "\xc2\x9b"
                               "2J",
                               "\u2028",
                               "\u2029",
                               "\u202e",
                               "\u2066",
                               "\ufeff",
                               "\x7f",
                               "\b",
                               "\v",
                               "\f",
                               "\t",
                               " ",
                               "%n%s",
                               "\xff\xf4",
                               "\xc0\x8a",
                               "\xe2\x80",
                               "\U000e0041",
                               "\xed\xa0\x80"}) {
        names.push_back("ev" + std::string(middle) + "e");
    }
    names.push_back("ev\0e"s);
    for (const std::string& name : names) {
        Client eve(daemon.port());
        eve.send(name + "\n");
        eve.shutdown_write();
        (void)eve.rest();
        // The same by a member, and by a worker that breaks the rules.
        alice.send_line("/nick " + name);
        Reader worker = link_to(daemon);
        send_all(worker, attach(name));
        EXPECT_EQ(worker.rest(), "");
        expect_plain_titles(daemon);
    }
    alice.send_line("/who");
    alice.expect("  127.0.0.1:");
    expect_plain_titles(daemon);
    daemon.finish();
    expect_plain_log(daemon);
}

Test(strangers, a_worker_that_posts_a_name_of_two_lines_is_expelled) {
    Daemon daemon(with_strangers());
    Reader worker = link_to(daemon);
    std::string frames = attach("eve");
    append_frame(frames, chatd::Post{.counter = 1, .kind = EntryKind::Rename},
                 "eve\nchatd[broker 1]: root joined", "");
    send_all(worker, frames);
    (void)worker.rest();
    EXPECT_CONTAINS(daemon.wait_log("broke the rules"), "]: eve broke the rules, pid ");
    daemon.finish();
    expect_plain_log(daemon);
}

// Once any process of the same user was let in, and its member never left.
Test(strangers, a_process_that_is_no_worker_is_not_let_in) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    std::vector<Reader> links;
    for (std::size_t i = 0; i < chatd::kStrangersMax; ++i) {
        links.push_back(link_to(daemon));
        send_all(links.back(), attach("mallory"));
    }
    (void)kill(daemon.broker(), SIGKILL);
    for (Reader& link : links) EXPECT_EQ(link.rest(), "");
    links.clear();
    for (std::size_t i = 0; i <= chatd::kStrangersMax; ++i) links.push_back(link_to(daemon));
    EXPECT_EQ(links.front().rest(), "");
    daemon.wait_log("no worker of ours, and turned away: pid " + std::to_string(getpid()));
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    alice.send_line("/who");
    alice.expect("2 people are here:\n");
    daemon.finish();
}

Test(strangers, half_a_line_and_then_silence_costs_no_processor) {
    Daemon daemon({"--login-timeout", "1"});
    Client alice = join(daemon.port(), "alice");
    alice.send(std::string(512, 'x'));
    const pid_t member = pid_in(daemon.wait_log("alice joined"));
    Client nobody(daemon.port());
    nobody.expect("Your name: ");
    nobody.send(std::string(512, 'x'));
    const pid_t newcomer = pid_in(daemon.wait_log("connected"));
    const auto ticks = [&] {
        std::uint64_t sum = 0;
        for (const pid_t pid : {daemon.pid(), daemon.broker(), member, newcomer}) {
            sum += processor_ticks(pid);
        }
        return sum;
    };
    const std::uint64_t before = ticks();
    nobody.expect_line("");
    nobody.expect_line("No name within 1 seconds. Goodbye.");
    EXPECT_LT(ticks() - before, 10U);  // a second has a hundred
    daemon.finish();
}

Test(strangers, a_hundred_megabytes_without_an_end_of_line_need_no_memory) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    const pid_t worker = pid_in(daemon.wait_log("bob joined"));
    const std::uint64_t before = peak_memory_kib(worker);
    const std::uint64_t broker_before = peak_memory_kib(daemon.broker());
    const std::string megabyte(1 << 20, 'x');
    for (int i = 0; i < 100; ++i) bob.send(megabyte);
    bob.send_line("");
    bob.send_line(std::string(1 << 20, '\0'));
    bob.send_line("that was long");
    alice.expect_line("bob says: that was long");
    bob.expect_line("That line was too long and was not sent: 4096 bytes at most.");
    bob.expect_line("That line was too long and was not sent: 4096 bytes at most.");
    EXPECT_LT(peak_memory_kib(worker) - before, kGrowthKib);
    EXPECT_LT(peak_memory_kib(daemon.broker()) - broker_before, kGrowthKib);
    daemon.finish();
}

Test(strangers, a_hundred_megabytes_without_an_end_of_line_are_no_name) {
    Daemon daemon;
    Client stranger(daemon.port());
    stranger.expect("Your name: ");
    const pid_t worker = pid_in(daemon.wait_log("connected"));
    const std::uint64_t before = peak_memory_kib(worker);
    const std::string megabyte(1 << 20, 'x');
    for (int i = 0; i < 100; ++i) stranger.send(megabyte);
    EXPECT_LT(peak_memory_kib(worker) - before, kGrowthKib);
    stranger.expect_line("That name is too long: 20 characters at most.");
    daemon.finish();
}

Test(strangers, a_client_that_shuts_both_directions_and_stays_connected_leaves) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client stranger(daemon.port());
    stranger.expect("Your name: ");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    ASSERT_EQ(shutdown(bob.fd(), SHUT_RDWR), 0);
    alice.expect("bob left the chat room");
    (void)daemon.wait_log("bob ended");
    ASSERT_EQ(shutdown(stranger.fd(), SHUT_RDWR), 0);
    (void)daemon.wait_log("(login) ended");
    EXPECT_EQ(processes(daemon.pid()).size(), 3U);  // broker, lookout, and alice's worker
    daemon.finish();
}

namespace {

// The number of lines of its kind that a line of the journal stands for.
int lines_told(const std::string& line) {
    const std::size_t at = line.find("]: ") + 3;
    const bool counts = line.find(" more like this, left out: ") != std::string::npos;
    return counts ? std::stoi(line.substr(at)) : 1;
}

}  // namespace

Test(strangers, two_thousand_clients_make_few_lines_in_the_journal_and_the_numbers_add_up) {
    constexpr int kStrangers = chatd::kSanitized ? 500 : 2000;
    constexpr const char* kKinds[] = {" connected, pid ", " ended, pid "};
    Daemon daemon({"--max-per-ip", "0"});
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < kStrangers; ++i) Client(daemon.port()).reset();
    int told[] = {0, 0};
    int lines = 0;
    while (told[0] < kStrangers || told[1] < kStrangers) {
        const std::string line = daemon.wait_log(", pid ");
        for (int kind = 0; kind < 2; ++kind) {
            if (line.find(kKinds[kind]) == std::string::npos) continue;
            told[kind] += lines_told(line);
            ++lines;
        }
    }
    EXPECT_EQ(told[0], kStrangers);
    EXPECT_EQ(told[1], kStrangers);
    const auto lasted = std::chrono::steady_clock::now() - begin;
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(lasted).count();
    // For each kind the journal allows a burst, then a few lines a second, and the lines that count
    // the lines left out.
    EXPECT_LE(lines, 2 * (200 + 11 * seconds));
    Client alice = join(daemon.port(), "alice");
    daemon.finish();
}
