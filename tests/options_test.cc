// The command line: what each option takes, what is refused and with which words, and --help.

#include "options.h"

#include <criterion/criterion.h>

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bounds.h"
#include "support/expect.h"
#include "support/where.h"

using chatd::BadUsage;
using chatd::HelpWanted;
using chatd::kSandboxMode;
using chatd::Language;
using chatd::Level;
using chatd::Options;
using chatd::parse_options;
using chatd::ParsedOptions;
using chatd::SandboxMode;
using chatd::VersionWanted;

namespace {

using Words = std::vector<std::string>;

ParsedOptions parsed(Words words, Language language = Language::English) {
    words.insert(words.begin(), "chatd");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    return parse_options(std::span(argv).first(words.size()), language);
}

Options options(Words words, Language language = Language::English) {
    const ParsedOptions result = parsed(std::move(words), language);
    if (const auto* const bad = std::get_if<BadUsage>(&result)) {
        throw std::runtime_error("refused: " + bad->line);
    }
    return std::get<Options>(result);
}

// The complaint about these words; empty when nothing is wrong.
std::string trouble(Words words) {
    const ParsedOptions result = parsed(std::move(words));
    const auto* const bad = std::get_if<BadUsage>(&result);
    return bad == nullptr ? std::string() : bad->line;
}

void expect_trouble(const Words& values, std::string_view option, std::string_view line,
                    chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    for (const std::string& value : values) {
        EXPECT_EQ(std::pair(value, trouble({std::string(option), value})),
                  std::pair(value, std::string(line)));
    }
}

}  // namespace

TestSuite(options, .timeout = 20);

// --- Good command lines ---

Test(options, without_options_everything_has_its_default) {
    const Options defaults = options({});
    EXPECT_EQ(defaults.port, 8888);
    EXPECT_TRUE(defaults.addresses.empty());
    EXPECT_EQ(defaults.language, Language::English);
    EXPECT_FALSE(defaults.clients_max.has_value());
    EXPECT_EQ(defaults.history_path, "");
    EXPECT_FALSE(defaults.history_bytes.has_value());
    EXPECT_EQ(defaults.replay, 10);
    EXPECT_TRUE(defaults.crowds);
    EXPECT_EQ(defaults.run_directory, "");
    EXPECT_EQ(defaults.level, Level::Info);
    EXPECT_EQ(defaults.ready_fd, -1);
}

Test(options, the_port_is_a_number_of_16_bits) {
    EXPECT_EQ(options({"-p", "7000"}).port, 7000);
    EXPECT_EQ(options({"-p7000"}).port, 7000);
    EXPECT_EQ(options({"--port", "7000"}).port, 7000);
    EXPECT_EQ(options({"--port=7000"}).port, 7000);
    EXPECT_EQ(options({"-p", "0"}).port, 0);
    EXPECT_EQ(options({"-p", "65535"}).port, 65535);
}

Test(options, bind_can_be_given_several_times) {
    EXPECT_EQ(options({"-b", "127.0.0.1"}).addresses, Words{"127.0.0.1"});
    EXPECT_EQ(options({"-b", "127.0.0.1", "--bind=::1", "-b192.0.2.7"}).addresses,
              (Words{"127.0.0.1", "::1", "192.0.2.7"}));
}

Test(options, the_option_for_the_language_wins_over_the_environment) {
    EXPECT_EQ(options({}, Language::Chinese).language, Language::Chinese);
    EXPECT_EQ(options({"--lang", "en"}, Language::Chinese).language, Language::English);
    EXPECT_EQ(options({"--lang=zh"}).language, Language::Chinese);
}

Test(options, the_number_of_clients_can_be_limited) {
    EXPECT_EQ(options({"--max-clients", "1"}).clients_max, 1);
    EXPECT_EQ(options({"--max-clients=1048576"}).clients_max, 1048576);
}

Test(options, the_history_can_be_kept_in_a_file) {
    EXPECT_EQ(options({"--history", "a file"}).history_path, "a file");
    EXPECT_EQ(options({"--history=/var/lib/chatd"}).history_path, "/var/lib/chatd");
}

Test(options, the_size_of_the_history_can_be_chosen) {
    EXPECT_EQ(options({"--history-size", "65536"}).history_bytes, 65536);
    EXPECT_EQ(options({"--history-size=1099511627776"}).history_bytes, 1099511627776);
}

Test(options, lines_can_have_to_reach_the_disk) {
    EXPECT_FALSE(options({"--history", "file"}).sync);
    EXPECT_TRUE(options({"--sync", "--history", "file"}).sync);
}

Test(options, sync_without_a_history_file_is_refused) {
    EXPECT_EQ(trouble({"--sync"}), "--sync needs --history");
}

Test(options, what_a_newcomer_is_shown_can_be_chosen) {
    EXPECT_EQ(options({"--replay", "0"}).replay, 0);
    EXPECT_FALSE(options({"--no-crowds"}).crowds);
    EXPECT_EQ(options({"--replay=1000"}).replay, 1000);
}

Test(options, the_number_of_logins_can_be_limited) {
    EXPECT_FALSE(options({}).logins_max.has_value());
    EXPECT_EQ(options({"--max-logins", "0"}).logins_max, 0);
    EXPECT_EQ(options({"--max-logins=100"}).logins_max, 100);
    EXPECT_EQ(trouble({"--max-logins", "few"}), "--max-logins takes a number from 0 to 1048576");
}

Test(options, the_user_to_become_can_be_chosen) {
    EXPECT_EQ(options({}).user, "");
    EXPECT_EQ(options({"--user", "chatd"}).user, "chatd");
    EXPECT_EQ(options({"--user=1000:100"}).user, "1000:100");
    EXPECT_EQ(trouble({"--user", ""}), "--user takes NAME, UID, NAME:GID or UID:GID");
}

Test(options, the_sandbox_is_on_or_off) {
    EXPECT_TRUE(options({}).sandbox.mode == kSandboxMode);
    EXPECT_TRUE(options({"--sandbox", "on"}).sandbox.mode == SandboxMode::On);
    EXPECT_TRUE(options({"--sandbox=off"}).sandbox.mode == SandboxMode::Off);
    for (const char* mode : {"yes", "", "report"}) {
        EXPECT_EQ(trouble({"--sandbox", mode}), "--sandbox takes on or off");
    }
}

Test(options, the_servers_own_user_may_be_let_in_whatever_the_sandbox) {
    EXPECT_FALSE(options({}).sandbox.inspect);
    EXPECT_TRUE(options({"--inspect"}).sandbox.inspect);
    EXPECT_TRUE(options({"--inspect"}).sandbox.mode == kSandboxMode);
    EXPECT_TRUE(options({"--inspect", "--sandbox", "off"}).sandbox.inspect);
}

Test(options, the_run_directory_can_be_chosen) {
    EXPECT_EQ(options({"--run-dir", "/run/chatd"}).run_directory, "/run/chatd");
}

Test(options, the_log_level_can_be_chosen) {
    EXPECT_EQ(options({"--log-level", "error"}).level, Level::Error);
    EXPECT_EQ(options({"--log-level", "warning"}).level, Level::Warning);
    EXPECT_EQ(options({"--log-level", "info"}).level, Level::Info);
    EXPECT_EQ(options({"--log-level=debug"}).level, Level::Debug);
}

Test(options, steps_can_be_traced_on_stderr_or_in_a_file) {
    EXPECT_FALSE(options({}).trace.has_value());
    EXPECT_EQ(options({"--trace"}).trace.value_or("none"), "");
    EXPECT_EQ(options({"--trace=file"}).trace.value_or("none"), "file");
    EXPECT_FALSE(options({"--trace"}).trace_text);
    EXPECT_TRUE(options({"--trace-text", "--trace"}).trace_text);
    EXPECT_EQ(trouble({"--trace-text"}), "--trace-text needs --trace");
    EXPECT_EQ(trouble({"--trace", "file"}), "file is no option");
}

Test(options, the_port_can_be_written_to_a_descriptor) {
    EXPECT_EQ(options({"--ready-fd", "3"}).ready_fd, 3);
    EXPECT_EQ(options({"--ready-fd=2147483647"}).ready_fd, 2147483647);
}

Test(options, many_options_can_be_given_at_once) {
    const Options all = options({"-p",
                                 "1",
                                 "-b",
                                 "::",
                                 "--lang",
                                 "zh",
                                 "--max-clients",
                                 "2",
                                 "--history",
                                 "file",
                                 "--history-size",
                                 "70000",
                                 "--replay",
                                 "3",
                                 "--run-dir",
                                 "dir",
                                 "--log-level",
                                 "debug",
                                 "--ready-fd",
                                 "4"});
    EXPECT_EQ(all.port, 1);
    EXPECT_EQ(all.addresses, Words{"::"});
    EXPECT_EQ(all.language, Language::Chinese);
    EXPECT_EQ(all.clients_max, 2);
    EXPECT_EQ(all.history_path, "file");
    EXPECT_EQ(all.history_bytes, 70000);
    EXPECT_EQ(all.replay, 3);
    EXPECT_EQ(all.run_directory, "dir");
    EXPECT_EQ(all.level, Level::Debug);
    EXPECT_EQ(all.ready_fd, 4);
}

Test(options, the_last_of_two_equal_options_counts) {
    EXPECT_EQ(options({"-p", "1", "-p", "2"}).port, 2);
    EXPECT_EQ(options({"--lang", "zh", "--lang", "en"}).language, Language::English);
}

Test(options, an_option_can_be_shortened_as_long_as_only_one_begins_so) {
    EXPECT_EQ(options({"--max-c", "5"}).clients_max, 5);
    EXPECT_EQ(options({"--history-s", "65536"}).history_bytes, 65536);
}

// --- Bad command lines ---

Test(options, a_bad_port_is_refused) {
    expect_trouble(
        {"", "x", "-1", "65536", "99999999999999999999", "80x", " 80", "+80", "8.0", "0x50"},
        "--port", "-p takes a port from 0 to 65535");
    expect_trouble({"http"}, "-p", "-p takes a port from 0 to 65535");
}

Test(options, a_bad_language_is_refused) {
    expect_trouble({"", "de", "EN", "zh_CN", "english"}, "--lang", "--lang takes en or zh");
}

Test(options, a_bad_number_of_clients_is_refused) {
    expect_trouble({"", "0", "-1", "1048577", "4294967297", "many"}, "--max-clients",
                   "--max-clients takes a number from 1 to 1048576");
}

Test(options, a_history_without_a_name_is_refused) {
    expect_trouble({""}, "--history", "--history takes the name of a file");
}

Test(options, a_bad_size_of_history_is_refused) {
    expect_trouble({"", "0", "65535", "1099511627777", "99999999999999999999", "4M", "-65536"},
                   "--history-size",
                   "--history-size takes a number of bytes from 65536 to 1099511627776");
}

Test(options, a_bad_replay_is_refused) {
    expect_trouble({"", "-1", "1001", "all"}, "--replay", "--replay takes a number from 0 to 1000");
}

Test(options, the_socket_for_the_metrics_can_be_chosen) {
    EXPECT_EQ(options({}).metrics_path, "");
    EXPECT_EQ(options({"--metrics", "m.sock"}).metrics_path, "m.sock");
    expect_trouble({""}, "--metrics", "--metrics takes the name of a socket to be made");
}

Test(options, a_run_directory_without_a_name_is_refused) {
    expect_trouble({""}, "--run-dir", "--run-dir takes the name of a directory");
}

Test(options, a_bad_log_level_is_refused) {
    expect_trouble({"", "Info", "warn", "verbose", "3"}, "--log-level",
                   "--log-level takes error, warning, info or debug");
}

Test(options, a_bad_descriptor_is_refused) {
    expect_trouble({"", "0", "1", "2", "-1", "2147483648", "x"}, "--ready-fd",
                   "--ready-fd takes the number of an open descriptor, at least 3");
}

Test(options, a_bad_argument_is_refused_even_if_a_good_one_follows) {
    EXPECT_EQ(trouble({"-p", "x", "-p", "80"}), "-p takes a port from 0 to 65535");
}

Test(options, an_unknown_option_is_named) {
    EXPECT_EQ(trouble({"-x"}), "-x is no option");
    EXPECT_EQ(trouble({"--colour"}), "--colour is no option");
    EXPECT_EQ(trouble({"--colour=red"}), "--colour=red is no option");
    EXPECT_EQ(trouble({"-p", "80", "-x"}), "-x is no option");
    EXPECT_EQ(trouble({"-xp", "80"}), "-xp is no option");
}

Test(options, a_shortened_option_that_fits_two_is_no_option) {
    EXPECT_EQ(trouble({"--hist", "x"}), "--hist is no option");
    EXPECT_EQ(trouble({"--l", "x"}), "--l is no option");
}

Test(options, an_option_without_its_argument_is_refused) {
    EXPECT_EQ(trouble({"-p"}), "-p needs a value");
    EXPECT_EQ(trouble({"-b", "::", "--port"}), "--port needs a value");
    for (const char* option : {"-b", "--bind", "--lang", "--max-clients", "--history",
                               "--history-size", "--replay", "--run-dir", "--user", "--sandbox",
                               "--max-logins", "--metrics", "--log-level", "--ready-fd"}) {
        EXPECT_EQ(trouble({option}), std::string(option) + " needs a value");
    }
}

Test(options, an_argument_for_an_option_that_takes_none_is_refused) {
    EXPECT_EQ(trouble({"--help=all"}), "--help=all is no option");
    EXPECT_EQ(trouble({"--version=1"}), "--version=1 is no option");
    EXPECT_EQ(trouble({"--sync=1"}), "--sync=1 is no option");
}

Test(options, a_word_that_is_no_option_is_named) {
    EXPECT_EQ(trouble({"8888"}), "8888 is no option");
    EXPECT_EQ(trouble({"-p", "80", "here"}), "here is no option");
    EXPECT_EQ(trouble({"here", "-p", "80"}), "here is no option");
    EXPECT_EQ(trouble({"--", "-p"}), "-p is no option");
    EXPECT_EQ(trouble({"-"}), "- is no option");
}

Test(options, the_complaint_names_the_wrong_word_and_not_the_one_before) {
    EXPECT_NE(trouble({"here", "-p"}), "here needs a value");
    EXPECT_NE(trouble({"here", "--port"}), "here needs a value");
}

Test(options, a_complaint_is_one_line) {
    for (const Words& words : {Words{"-p", "x"}, Words{"-x"}, Words{"-p"}, Words{"stray"}}) {
        EXPECT_LACKS(trouble(words), "\n");
    }
}

// --- Limits for clients ---

Test(options, the_clients_of_one_address_can_be_limited) {
    EXPECT_EQ(options({}).per_address_max, chatd::kPerAddressMax);
    EXPECT_EQ(options({"--max-per-ip", "0"}).per_address_max, 0U);
    EXPECT_EQ(options({"--max-per-ip", "3"}).per_address_max, 3U);
    expect_trouble({"", "-1", "x", "1048577"}, "--max-per-ip",
                   "--max-per-ip takes a number from 0 to 1048576");
    EXPECT_TRUE(options({}).penalties);
    EXPECT_FALSE(options({"--no-penalties"}).penalties);
    EXPECT_EQ(options({"--no-penalty", "::1", "--no-penalty", "10.0.0.0/8"}).exempt,
              (std::vector<std::string>{"::1", "10.0.0.0/8"}));
}

Test(options, an_address_has_a_rate_of_its_own) {
    EXPECT_EQ(options({}).address_rate.per_second, chatd::kUnitsPerSecond);
    EXPECT_EQ(options({}).address_rate.burst, chatd::kUnitsAtOnce);
    EXPECT_EQ(options({"--rate-per-ip", "3:50"}).address_rate.burst, 50U);
    EXPECT_EQ(options({"--rate-per-ip", "0"}).address_rate.per_second, 0U);
    EXPECT_EQ(options({"--rate-per-ip", "3"}).limits.rate.per_second, chatd::kLinesPerSecond);
    expect_trouble(
        {"", "x", "1:0"}, "--rate-per-ip",
        "--rate-per-ip takes lines per second and lines at once, each at most 1000000: 50 or "
        "50:600");
}

Test(options, a_rate_without_a_burst_gets_one_of_two_seconds) {
    EXPECT_EQ(options({}).limits.rate.per_second, chatd::kLinesPerSecond);
    EXPECT_EQ(options({}).limits.rate.burst, chatd::kLinesAtOnce);
    EXPECT_EQ(options({"--rate", "3:50"}).limits.rate.per_second, 3U);
    EXPECT_EQ(options({"--rate", "3:50"}).limits.rate.burst, 50U);
    EXPECT_EQ(options({"--rate", "3"}).limits.rate.burst, 6U);
    EXPECT_EQ(options({"--rate", "0"}).limits.rate.per_second, 0U);
    EXPECT_EQ(options({"--rate", "0"}).limits.rate.burst, 1U);
    expect_trouble(
        {"", "-1", "x", "1:", ":1", "1:0", "1:2:3", "1000001", "1:1000001", "1.5"}, "--rate",
        "--rate takes lines per second and lines at once, each at most 1000000: 10 or 10:20");
}

Test(options, timeouts_are_given_in_seconds) {
    EXPECT_TRUE(options({}).limits.to_name == chatd::kTimeToName);
    EXPECT_TRUE(options({}).limits.idle == std::chrono::seconds(0));
    EXPECT_TRUE(options({"--login-timeout", "5"}).limits.to_name == std::chrono::seconds(5));
    EXPECT_TRUE(options({"--login-timeout", "0"}).limits.to_name == std::chrono::seconds(0));
    EXPECT_TRUE(options({"--idle-timeout", "600"}).limits.idle == std::chrono::seconds(600));
    expect_trouble({"", "-1", "x", "5s", "604801"}, "--login-timeout",
                   "--login-timeout takes seconds, at most a week");
    expect_trouble({"", "-1", "x", "5s", "604801"}, "--idle-timeout",
                   "--idle-timeout takes seconds, at most a week");
}

// --- What learners look at ---

Test(options, ended_workers_can_be_left_zombies_for_some_seconds) {
    EXPECT_EQ(options({}).reap_delay_s, 0);
    EXPECT_EQ(options({"--reap-delay", "60"}).reap_delay_s, 60);
    EXPECT_EQ(options({"--reap-delay=3600"}).reap_delay_s, 3600);
    expect_trouble({"", "-1", "x", "5s", "3601"}, "--reap-delay",
                   "--reap-delay takes seconds, at most 3600");
}

Test(options, workers_can_be_nice) {
    EXPECT_FALSE(options({}).niceness.has_value());
    EXPECT_EQ(options({"--nice", "-20"}).niceness.value_or(0), -20);
    EXPECT_EQ(options({"--nice=19"}).niceness.value_or(0), 19);
    EXPECT_EQ(options({"--nice", "0"}).niceness.value_or(1), 0);
    expect_trouble({"", "-21", "20", "+5", "very"}, "--nice",
                   "--nice takes a number from -20 to 19");
}

// --- --help and --version ---

Test(options, help_and_version_end_the_reading) {
    EXPECT_TRUE(std::holds_alternative<HelpWanted>(parsed({"--help"})));
    EXPECT_TRUE(std::holds_alternative<VersionWanted>(parsed({"--version"})));
    EXPECT_TRUE(std::holds_alternative<HelpWanted>(parsed({"-p", "80", "--help", "stray"})));
}

Test(options, the_help_names_every_option) {
    for (const char* option :
         {"-p, --port",       "-b, --bind",       "--lang en|zh",     "--max-clients",
          "--history FILE",   "--history-size",   "--sync",           "--replay",
          "--max-per-ip N",   "--no-penalties",   "--rate N[:BURST]", "--login-timeout S",
          "--idle-timeout S", "--metrics SOCKET", "--run-dir",        "--max-logins N",
          "--user NAME",      "--sandbox MODE",   "--log-level",      "--ready-fd",
          "--reap-delay S",   "--nice N",         "--trace[=FILE]",   "--trace-text",
          "--inspect",        "--help",           "--version"}) {
        EXPECT_CONTAINS(chatd::help_text(), std::string(" ") + option + " ");
    }
}

Test(options, the_help_tells_the_defaults) {
    EXPECT_CONTAINS(chatd::help_text(), "(" + std::to_string(Options{}.port) + ")");
    EXPECT_CONTAINS(chatd::help_text(), "(" + std::to_string(chatd::kClientsMax) + ")");
    EXPECT_CONTAINS(chatd::help_text(), "(" + std::to_string(chatd::kHistoryBytes) + ")");
    EXPECT_CONTAINS(chatd::help_text(), "(" + std::to_string(chatd::kReplay) + ")");
}

// --- Two command lines in one process ---

Test(options, a_second_command_line_is_read_from_its_beginning) {
    EXPECT_EQ(options({"-p", "1", "-b", "::1"}).port, 1);
    EXPECT_EQ(options({"-p", "2"}).port, 2);
    EXPECT_TRUE(options({}).addresses.empty());
    EXPECT_EQ(trouble({"-xp"}), "-xp is no option");  // getopt stops in the middle of a word
    EXPECT_EQ(options({"-p", "3"}).port, 3);
    EXPECT_TRUE(std::holds_alternative<HelpWanted>(parsed({"--help", "-p", "x"})));
    EXPECT_EQ(trouble({"stray"}), "stray is no option");
    EXPECT_EQ(options({"--port", "4"}).port, 4);
}
