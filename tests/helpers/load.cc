// Puts one contender of the benchmark under load, and prints one line for each figure that it
// measures: contender, clients, figure, value. When a message did not reach everybody, in order and
// once, it says so on stderr and exits with status 1.
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "load/contender.h"
#include "load/meter.h"
#include "load/swarm.h"
#include "support/client.h"
#include "support/wait.h"
#include "text/number.h"

namespace chatd::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kTextBytes = 63;  // 64 with the line end
constexpr std::size_t kLongTextBytes = 1023;
constexpr std::size_t kOutstanding = 64;
constexpr std::size_t kSenders = 10;
constexpr auto kEntryMax = 60s;
constexpr auto kWarmUp = 300ms;
constexpr auto kCalm = 3s;               // until a server that tidies up when idle has done so
constexpr std::size_t kOneByOne = 1000;  // messages that are said one after the other, at most
constexpr std::size_t kKnockers = 50;    // clients that connect and tell no name

const char* const kUsage =
    "Usage: load CONTENDER PORT PID CLIENTS SECONDS IDLE-SECONDS [PART...]\n"
    "PID: of the contender. SECONDS: for each measurement; IDLE-SECONDS: 0 leaves that out.\n"
    "PART: one-by-one, talk, 1-sender, all-senders, 1-kib, stalled, knock; all, if none is "
    "named.\n";

struct Plan {
    Contender contender;
    std::uint16_t port;
    pid_t pid;
    std::size_t clients;
    std::chrono::seconds time;
    std::chrono::seconds idle;
    std::vector<std::string> parts;  // empty: all

    [[nodiscard]] bool has(std::string_view part) const {
        return parts.empty() || std::find(parts.begin(), parts.end(), part) != parts.end();
    }
};

double milliseconds(Clock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

class Bench {
  public:
    explicit Bench(const Plan& plan)
        : plan_(plan), swarm_(plan_.contender, plan.port, plan.clients) {}

    void run() {
        const auto memory = memory_kib();
        storm();
        swarm_.settle(Clock::now() + kEntryMax);
        if (plan_.idle > 0s) std::this_thread::sleep_for(kCalm);
        tell_memory(memory);
        if (plan_.idle > 0s) idle();
        if (plan_.has("knock") && plan_.contender.forks) knock();
        if (plan_.has("one-by-one")) one_by_one();
        if (plan_.has("talk")) talk("", kSenders, kTextBytes);
        if (plan_.has("1-sender")) talk("1-sender-", 1, kTextBytes);
        if (plan_.has("all-senders")) talk("all-senders-", plan_.clients, kTextBytes);
        if (plan_.has("1-kib") && kLongTextBytes <= plan_.contender.text_bytes_max) {
            talk("1-kib-", kSenders, kLongTextBytes);
        }
        if (plan_.has("stalled") && plan_.contender.keeps_stalled) stalled();
    }

  private:
    void tell(const std::string& figure, double value) const {
        std::printf("%s %zu %s %.6g\n", std::string(plan_.contender.name).c_str(), plan_.clients,
                    figure.c_str(), value);
        (void)std::fflush(stdout);
    }

    void storm() {
        const Swarm::Entry entry = swarm_.enter(plan_.clients, Clock::now() + kEntryMax);
        const double all_in_ms = milliseconds(entry.all_in);
        tell("all-in-ms", all_in_ms);
        tell("logins-per-s", static_cast<double>(plan_.clients) / all_in_ms * 1000);
        tell("first-answer-p99-ms", milliseconds(percentile(entry.first_answers, 0.99)));
    }

    // Both ends of every connection are on this machine. What the clients' ends cost is the memory
    // that the contender "floor" shows.
    void tell_memory(const std::map<std::string, std::int64_t>& before) const {
        const auto after = memory_kib();
        const auto per_client = [&](const char* line) {
            return static_cast<double>(after.at(line) - before.at(line)) /
                   static_cast<double>(plan_.clients);
        };
        tell("memory-kib", -per_client("MemAvailable"));
        tell("memory-private-kib", per_client("AnonPages"));
        tell("memory-page-tables-kib", per_client("PageTables"));
        tell("memory-kernel-stacks-kib", per_client("KernelStack"));
        tell("memory-slab-kib", per_client("Slab"));
    }

    void idle() const {
        const Activity before = activity_of(plan_.pid);
        std::this_thread::sleep_for(plan_.idle);
        const Activity after = activity_of(plan_.pid);
        tell("idle-wakeups", static_cast<double>(after.wakeups - before.wakeups));
        tell("idle-cpu-ms", (after.time - before.time).count() * 1000);
    }

    void one_by_one() {
        std::vector<Clock::duration> times;
        const Deadline end = Clock::now() + plan_.time;
        const Work before = work_so_far();
        while (times.size() < kOneByOne && Clock::now() < end) {
            times.push_back(swarm_.say_one(times.size() % kSenders, kTextBytes));
        }
        const Work work = work_so_far() - before;
        swarm_.drain();
        tell("last-client-ms", milliseconds(percentile(times, 0.5)));
        tell("last-client-p99-ms", milliseconds(percentile(times, 0.99)));
        const double deliveries =
            static_cast<double>(times.size()) * static_cast<double>(plan_.clients);
        tell("one-by-one-cpu-us", work.machine.count() * 1e6 / deliveries);
    }

    void talk(const std::string& figure, std::size_t senders, std::size_t text_bytes) {
        const Talk talk{senders, text_bytes, kOutstanding};
        (void)swarm_.talk(talk, Clock::now() + kWarmUp);
        const Work before = work_so_far();
        const Deadline begin = Clock::now();
        const std::uint64_t lines = swarm_.talk(talk, begin + plan_.time);
        const Seconds time = Clock::now() - begin;
        const Work work = work_so_far() - before;
        swarm_.drain();
        const double deliveries = static_cast<double>(lines);
        tell(figure + "deliveries-per-s", deliveries / time.count());
        tell(figure + "cpu-us", work.machine.count() * 1e6 / deliveries);
        tell(figure + "load-cpu-us", work.ours.count() * 1e6 / deliveries);
    }

    // The part of its messages that a client still gets when some other clients read nothing.
    void stalled() {
        const Talk talk{kSenders, kTextBytes, kOutstanding};
        const std::size_t count = std::max<std::size_t>(1, plan_.clients / 100);
        const auto messages = [&](std::size_t readers) {
            (void)swarm_.talk(talk, Clock::now() + kWarmUp);
            const std::uint64_t lines = swarm_.talk(talk, Clock::now() + plan_.time);
            swarm_.drain();
            return static_cast<double>(lines) / static_cast<double>(readers);
        };
        const double before = messages(plan_.clients);
        swarm_.stall(count);
        tell("stalled-part", messages(plan_.clients - count) / before);
    }

    // Some more clients connect, one after the other, and tell no name: the room does not hear of
    // them, and nothing else happens on this machine.
    void knock() const {
        std::this_thread::sleep_for(kCalm);
        const ForkTrace trace(plan_.pid);
        std::vector<Client> knockers;
        std::vector<Clock::duration> answers;
        while (knockers.size() < kKnockers) {
            const Deadline begin = Clock::now();
            knockers.emplace_back(plan_.port).expect(plan_.contender.entry(0)[0].wait_for);
            answers.push_back(Clock::now() - begin);
        }
        tell("prompt-ms", milliseconds(percentile(answers, 0.5)));
        const auto forks = trace.forks();
        if (forks.size() == kKnockers) {
            tell("fork-us", static_cast<double>(percentile(forks, 0.5).count()));
        }
    }

    Plan plan_;
    Swarm swarm_;
};

std::size_t number_in(std::string_view text, std::size_t max) {
    const std::optional<std::size_t> number = chatd::parse_number<std::size_t>(text, 0, max);
    if (!number) throw std::invalid_argument(std::string(text) + ": not a number of this kind");
    return *number;
}

void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) throw system_error("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) throw system_error("setrlimit");
}

Plan plan_of(const std::vector<std::string>& words) {
    const auto contender = contender_named(words[0]);
    if (!contender) throw std::invalid_argument(words[0] + ": no contender");
    return {*contender,
            static_cast<std::uint16_t>(number_in(words[1], UINT16_MAX)),
            static_cast<pid_t>(number_in(words[2], INT32_MAX)),
            number_in(words[3], 1'000'000),
            std::chrono::seconds(number_in(words[4], 3600)),
            std::chrono::seconds(number_in(words[5], 3600)),
            {words.begin() + 6, words.end()}};
}

}  // namespace
}  // namespace chatd::test

int main(int argc, char** argv) {
    if (argc < 7) {
        std::fputs(chatd::test::kUsage, stderr);
        return 64;
    }
    try {
        chatd::test::raise_descriptor_limit();
        chatd::test::Bench(chatd::test::plan_of({argv + 1, argv + argc})).run();
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "load: %s\n", error.what());
        return 1;
    }
}
