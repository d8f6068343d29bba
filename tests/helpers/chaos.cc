// Chaos: a crowd talks while processes of the server are killed, stopped and upgraded at random. An
// oracle compares what everybody read with the room's one order. Then ten thousand clients come and
// go, of which nothing may be left. At last the parent is killed, and the next server must have the
// history.
#include <getopt.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/settings.h"
#include "chaos/abusers.h"
#include "chaos/crowd.h"
#include "chaos/oracle.h"
#include "chaos/wrecker.h"
#include "support/client.h"
#include "support/daemon.h"
#include "support/process.h"
#include "support/random.h"
#include "support/spawn.h"
#include "support/wait.h"
#include "text/number.h"

namespace chatd::test {
namespace {

constexpr std::size_t kReplay = 10;
constexpr std::size_t kReplayShown = 1000;

// The memory that malloc keeps varies by some pages, in either direction.
constexpr std::size_t kNoiseKib = 64;

// The address sanitizer keeps freed memory for a while.
constexpr bool kMemoryTells = !chatd::kSanitized;

struct Plan {
    unsigned seconds = 60;
    unsigned long seed = std::random_device{}();
    unsigned people = 100;
    unsigned lines_per_second = 1000;
    unsigned churn = 10'000;
    unsigned abusers = 0;
};

const char* const kUsage =
    "Usage: chaos [--seconds N] [--seed N] [--people N] [--rate LINES-PER-SECOND] [--churn N]\n"
    "             [--abusers N]\n";

// The resources that a process holds. They must be the same after ten thousand clients as before.
struct Holdings {
    std::size_t descriptors = 0;
    std::size_t memory_kib = 0;
};

Holdings holdings_of(pid_t pid) {
    Holdings holdings;
    const std::string directory = "/proc/" + std::to_string(pid);
    for (const auto& entry : std::filesystem::directory_iterator(directory + "/fd")) {
        holdings.descriptors += entry.path().empty() ? 0 : 1;
    }
    std::ifstream maps(directory + "/smaps_rollup");
    for (std::string line; std::getline(maps, line);) {
        // Only memory of its own: the log is shared memory.
        if (line.starts_with("Anonymous:")) holdings.memory_kib = std::stoul(line.substr(10));
    }
    return holdings;
}

class Chaos {
  public:
    explicit Chaos(const Plan& plan)
        : plan_(plan),
          random_(plan.seed),
          programs_(std::getenv("CHATD"), failing_program()),
          daemon_(daemon_options({})),
          abusers_(daemon_.port(), plan.abusers),
          crowd_(daemon_.port(), oracle_, random_),
          wrecker_(daemon_, crowd_, programs_, random_) {}

    // Exit status.
    int run() {
        try {
            rage();
            settle();
            churn();
            kill_the_parent();
        } catch (const std::exception& error) {
            oracle_.violate(std::string("no end: ") + error.what());
        }
        return report();
    }

  private:
    DaemonOptions daemon_options(const std::optional<std::string>& port) const {
        const bool abused = plan_.abusers != 0;
        return {.args = {"--history", scratch_.path() + "/history", "--history-size", "8388608",
                         "--replay", std::to_string(kReplay),
                         // The oracle has to know everybody, and a crowd does not name all.
                         "--no-crowds",
                         // The crowd has this address, and its workers are killed.
                         "--no-penalty", "127.0.0.1"},
                .port = port ? port : "0",
                .run_dir = scratch_.path() + "/run",
                // Abusers meet a server with its usual limits.
                .rate = abused ? std::nullopt : std::optional<std::string>("0"),
                .penalties = abused,
                .program = programs_.path()};
    }

    void rage() {
        abusers_.begin();
        const Deadline end = Clock::now() + std::chrono::seconds(plan_.seconds);
        Deadline next_deed = Clock::now() + std::chrono::seconds(1);
        Deadline next_line = Clock::now();
        const auto between_lines = std::chrono::nanoseconds(1'000'000'000 / plan_.lines_per_second);
        while (Clock::now() < end) {
            crowd_.turn(std::min(next_line, Clock::now() + std::chrono::milliseconds(5)));
            wrecker_.turn();
            (void)daemon_.log();  // Reads the pipe: lines are lost when it is full.
            for (; next_line <= Clock::now(); next_line += between_lines) live();
            if (crowd_.people() < plan_.people) crowd_.one_comes();
            if (next_deed > Clock::now()) continue;
            wrecker_.wreck();
            next_deed = Clock::now() + std::chrono::milliseconds(50 + random_.below(200));
        }
        wrecker_.stop_wrecking();
        abusers_.stop();
    }

    void live() {
        switch (random_.below(200)) {
            case 0: return crowd_.one_goes();
            case 1: return crowd_.one_dawdles();
            case 2: return crowd_.one_asks_who();
            default: return crowd_.one_speaks();
        }
    }

    void settle() {
        crowd_.speak_and_be_heard();
        oracle_.finish();
        settled_ = true;
        check_history(crowd_.history(kReplayShown));
        crowd_.everybody_goes();
        for (const Deadline deadline = soon(); crowd_.people() > kScribes;) {
            if (Clock::now() > deadline) throw std::runtime_error("somebody does not get away");
            crowd_.turn(Clock::now() + std::chrono::milliseconds(100));
        }
    }

    void check_history(const std::vector<std::string>& shown) {
        const std::vector<std::string> expected = oracle_.last_messages(kReplayShown);
        if (shown == expected) return;
        oracle_.violate("/history shows " + std::to_string(shown.size()) + " messages, not the " +
                        std::to_string(expected.size()) + " of the order");
    }

    // --- Clients that come and go leave nothing behind

    void churn() {
        until_all_are_reaped();  // The last connections of the abusers are still being taken.
        come_and_go(std::min(plan_.churn, 500U));
        const Holdings parent = holdings_of(daemon_.pid());
        const Holdings broker = holdings_of(daemon_.broker());
        const std::size_t log_bytes = daemon_.log().size();
        come_and_go(plan_.churn);
        compare("parent", parent, holdings_of(daemon_.pid()));
        compare("broker", broker, holdings_of(daemon_.broker()));
        log_bytes_each_ = (daemon_.log().size() - log_bytes) / std::max(plan_.churn, 1U);
        // Three lines for each: connected, joined, ended.
        if (log_bytes_each_ > 300) oracle_.violate("the log grows too fast");
        const std::size_t left = processes(daemon_.pid()).size();
        if (left != kServants + kScribes) {
            oracle_.violate(std::to_string(left) + " processes are left");
        }
    }

    void come_and_go(unsigned count) {
        constexpr unsigned kAtOnce = 50;
        for (unsigned done = 0; done < count; done += kAtOnce) {
            std::vector<Client> visitors;
            for (unsigned i = 0; i < kAtOnce && done + i < count; ++i) {
                visitors.emplace_back(daemon_.port());
                visitors.back().send("v" + std::to_string(i) + "\n/quit\n");
            }
            for (Client& visitor : visitors) (void)visitor.rest();
            visitors.clear();
            until_all_are_reaped();  // before others come with the same names
        }
    }

    void until_all_are_reaped() {
        const Deadline deadline = Clock::now() + 3 * kPatience;
        while (processes(daemon_.pid()).size() > kServants + kScribes) {
            if (Clock::now() > deadline) throw std::runtime_error("a worker does not end");
            crowd_.turn(Clock::now() + std::chrono::milliseconds(1));
            (void)daemon_.log();
        }
    }

    void compare(const char* who, const Holdings& before, const Holdings& after) {
        std::printf("%s: %zu descriptors, %zu KiB before; %zu, %zu KiB after %u clients\n", who,
                    before.descriptors, before.memory_kib, after.descriptors, after.memory_kib,
                    plan_.churn);
        if (after.descriptors != before.descriptors) {
            oracle_.violate(std::string("descriptors are left in the ") + who);
        }
        if (!kMemoryTells) {
            std::printf("%s: with a sanitizer, memory tells nothing\n", who);
        } else if (after.memory_kib > before.memory_kib + kNoiseKib) {
            oracle_.violate(std::string("memory is left in the ") + who);
        }
    }

    // --- The parent dies

    void kill_the_parent() {
        const std::string port = std::to_string(daemon_.port());
        daemon_.signal(SIGKILL);
        (void)daemon_.wait();
        // The lookout is as nice as can be: beside busy processes even its end takes a while.
        if (!crowd_.all_cut_off(soon())) oracle_.violate("somebody still has a connection");
        if (!reap_strays(soon()).empty()) oracle_.violate("processes outlive the parent");
        Daemon next(daemon_options(port));
        Oracle unused(kReplay);
        Crowd newcomers(next.port(), unused, random_);
        check_history(newcomers.history(kReplayShown));
        next.signal(SIGTERM);
        (void)newcomers.all_cut_off(soon());
        if (next.wait() != 0) oracle_.violate("the next server does not end in order");
    }

    int report() {
        std::printf(
            "seed %lu, %u s, %zu people: %llu came, %llu lines sent, %zu events, %llu "
            "deliveries checked\n",
            random_.seed(), plan_.seconds, static_cast<std::size_t>(plan_.people),
            static_cast<unsigned long long>(crowd_.came()),
            static_cast<unsigned long long>(crowd_.sent()), oracle_.events(),
            static_cast<unsigned long long>(oracle_.checked()));
        for (const auto& [deed, times] : wrecker_.deeds()) report_deed(deed, times);
        std::printf("told that the room recovers, or is back: %llu; log: %zu bytes a client\n",
                    static_cast<unsigned long long>(crowd_.recoveries_told()), log_bytes_each_);
        if (oracle_.violations().empty() && settled_) {
            std::printf("chaos: clean\n");
            return 0;
        }
        std::printf("what was done last:\n");
        const auto& diary = wrecker_.diary();
        for (std::size_t i = diary.size() < 30 ? 0 : diary.size() - 30; i < diary.size(); ++i) {
            std::printf("  %s\n", diary[i].c_str());
        }
        const std::string& log = daemon_.log();
        std::printf("end of the log:\n%s\n",
                    log.substr(log.size() < 4000 ? 0 : log.size() - 4000).c_str());
        // Last, because some who print this show only its end.
        for (const std::string& violation : oracle_.violations()) {
            std::printf("VIOLATION: %s\n", violation.c_str());
        }
        return 1;
    }

    void report_deed(const std::string& deed, int times) const {
        const auto found = wrecker_.pauses_s().find(deed);
        if (found == wrecker_.pauses_s().end() || found->second.empty()) {
            std::printf("%5d x %s\n", times, deed.c_str());
            return;
        }
        std::vector<double> pauses = found->second;
        std::sort(pauses.begin(), pauses.end());
        std::printf("%5d x %s: pause %.0f ms in the median, %.0f ms at most\n", times, deed.c_str(),
                    pauses[pauses.size() / 2] * 1000, pauses.back() * 1000);
    }

    static constexpr std::size_t kServants = 2;  // broker and lookout
    static constexpr std::size_t kScribes = 3;

    const Plan plan_;
    Random random_;
    Scratch scratch_;
    Programs programs_;
    Daemon daemon_;
    Abusers abusers_;  // before the crowd, because they would keep copies of its connections
    Oracle oracle_{kReplay};
    Crowd crowd_;
    Wrecker wrecker_;
    bool settled_ = false;
    std::size_t log_bytes_each_ = 0;
};

template <class Number>
bool read_number(const char* text, Number& number) {
    const std::optional<Number> read = chatd::parse_number<Number>(text, 1);
    number = read.value_or(0);
    return read.has_value();
}

bool read_plan(int argc, char** argv, Plan& plan) {
    constexpr option kOptions[] = {
        {"seconds", required_argument, nullptr, 's'},
        {"seed", required_argument, nullptr, 'd'},
        {"people", required_argument, nullptr, 'p'},
        {"rate", required_argument, nullptr, 'r'},
        {"churn", required_argument, nullptr, 'c'},
        {"abusers", required_argument, nullptr, 'a'},
        {},
    };
    for (int option; (option = ::getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
        const bool good = option == 's'   ? read_number(optarg, plan.seconds)
                          : option == 'd' ? read_number(optarg, plan.seed)
                          : option == 'p' ? read_number(optarg, plan.people)
                          : option == 'r' ? read_number(optarg, plan.lines_per_second)
                          : option == 'c' ? read_number(optarg, plan.churn)
                                          : option == 'a' && read_number(optarg, plan.abusers);
        if (!good) return false;
    }
    return optind == argc;
}

}  // namespace
}  // namespace chatd::test

int main(int argc, char** argv) {
    using namespace chatd::test;
    Plan plan;
    if (!read_plan(argc, argv, plan)) {
        (void)std::fputs(kUsage, stderr);
        return 64;
    }
    std::printf("chaos: seed %lu\n", plan.seed);
    (void)std::fflush(stdout);
    try {
        return Chaos(plan).run();
    } catch (const std::exception& error) {
        std::printf("chaos: %s\n", error.what());
        return 1;
    }
}
