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
constexpr std::size_t kSendersMax = 10;  // and at most a fifth of all, so that most only listen
constexpr auto kEntryMax = 60s;
constexpr auto kWarmUp = 300ms;
constexpr auto kCalm = 3s;  // until a server that tidies up when idle has done so
constexpr auto kIdle = 10s;
constexpr std::size_t kOneByOne = 1000;  // messages that are said one after the other, at most
// With fewer clients, other memory of the machine changes more than theirs.
constexpr std::size_t kMemoryClients = 1000;
constexpr std::size_t kKnockers = 50;  // clients that come in one after the other

const char* const kUsage =
    "Usage: load CONTENDER PORT PID CLIENTS AT-ONCE SECONDS PART...\n"
    "PID: of the contender. AT-ONCE: how many clients may be on their way into the room at the\n"
    "same time; 0: all. SECONDS: for each measurement.\n"
    "PART: memory, idle, one-by-one, talk, 1-percent, 1-processor, 1-sender, half-send, 1-kib,\n"
    "stalled, knock; measured in this order.\n";

struct Plan {
    Contender contender;
    std::uint16_t port;
    pid_t pid;
    std::size_t clients;
    std::size_t at_once;  // 0: all
    std::chrono::seconds time;
    std::vector<std::string> parts;

    [[nodiscard]] bool has(std::string_view part) const {
        return std::find(parts.begin(), parts.end(), part) != parts.end();
    }
    [[nodiscard]] std::size_t senders() const {
        return std::clamp<std::size_t>(clients / 5, 1, kSendersMax);
    }
    [[nodiscard]] Talk talk() const { return {senders(), kTextBytes, kOutstanding}; }
};

double milliseconds(Clock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

// What happened from one moment, when nothing was on its way, until another.
struct Episode {
    double deliveries = 0;
    Shares server;
    Seconds load{0};
    Seconds others{0};  // all other processes of the machine, the kernel, the machine's host
    Seconds time{0};
};

class Bench {
  public:
    explicit Bench(const Plan& plan)
        : plan_(plan),
          swarm_(plan_.contender, plan.port, plan.clients),
          household_(plan.pid, plan_.contender.forks) {}

    void run() {
        const auto memory = memory_kib();
        arrive();
        swarm_.settle(Clock::now() + kEntryMax);
        if (plan_.has("memory") && plan_.clients >= kMemoryClients) tell_memory(memory);
        if (plan_.has("idle")) idle();
        if (plan_.has("one-by-one")) one_by_one();
        if (plan_.has("talk")) talk();
        if (plan_.has("1-percent")) one_percent();
        if (plan_.has("1-processor")) one_processor();
        if (plan_.has("1-sender")) talk_as("1-sender-", {1, kTextBytes, kOutstanding});
        if (plan_.has("half-send")) {
            talk_as("half-send-", {plan_.clients / 2, kTextBytes, kOutstanding});
        }
        if (plan_.has("1-kib") && kLongTextBytes <= plan_.contender.text_bytes_max) {
            talk_as("1-kib-", {plan_.senders(), kLongTextBytes, kOutstanding});
        }
        if (plan_.has("stalled") && plan_.contender.keeps_stalled) stalled();
        if (plan_.has("knock") && plan_.contender.forks) knock();
    }

  private:
    void tell(const std::string& figure, double value) const {
        std::printf("%s %zu %s %.6g\n", std::string(plan_.contender.name).c_str(), plan_.clients,
                    figure.c_str(), value);
        (void)std::fflush(stdout);
    }

    // --- Coming in

    void arrive() {
        const std::size_t at_once = plan_.at_once == 0 ? plan_.clients : plan_.at_once;
        Swarm::Entry entry;
        const Episode episode = measure([&] {
            entry = swarm_.enter({plan_.clients, at_once}, Clock::now() + kEntryMax);
        });
        const double all = static_cast<double>(plan_.clients);
        const std::string kind =
            plan_.at_once == 0 ? "logins-all-at-once" : "logins-" + std::to_string(at_once);
        tell(kind + "-per-s", all / milliseconds(entry.all_in) * 1000);
        tell(kind + "-first-answer-p99-ms", milliseconds(percentile(entry.first_answers, 0.99)));
        tell_shares(kind + "-", episode, all, "us");
    }

    // Both ends of every connection are on this machine. What the clients' ends cost is the memory
    // that the contender "floor" shows.
    void tell_memory(const std::map<std::string, std::int64_t>& before) const {
        std::this_thread::sleep_for(kCalm);
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
        std::this_thread::sleep_for(kCalm);
        const std::vector<pid_t> pids = household_.pids();
        const Activity before = activity_of(pids);
        std::this_thread::sleep_for(kIdle);
        const Activity after = activity_of(pids);
        tell("idle-wakeups", static_cast<double>(after.wakeups - before.wakeups));
        tell("idle-cpu-ms", (after.time - before.time).count() * 1000);
    }

    // --- Processor time

    template <class Happens>
    Episode measure(Happens happens) {
        const Shares server_before = household_.time();
        const std::size_t size_before = swarm_.size();
        const std::uint64_t lines_before = swarm_.lines();
        const Work work_before = work_so_far();
        const Deadline begin = Clock::now();
        happens();
        const Seconds time = Clock::now() - begin;
        const Work work = work_so_far() - work_before;
        if (swarm_.size() != size_before) household_.look();
        const Shares server = household_.time() - server_before;
        return {static_cast<double>(swarm_.lines() - lines_before), server, work.ours,
                work.machine - work.ours - server.sum(), time};
    }

    // The time that each side has used for one of `count` things. In the unit "ns" or "us".
    void tell_shares(const std::string& figure, const Episode& episode, double count,
                     const std::string& unit) const {
        const double parts_per_second = unit == "ns" ? 1e9 : 1e6;
        const auto tell_share = [&](const char* side, Seconds time) {
            tell(figure + side + "-cpu-" + unit, time.count() * parts_per_second / count);
        };
        tell_share("broker", episode.server.broker);
        if (plan_.contender.forks) {
            tell_share("workers", episode.server.workers);
            tell_share("parent", episode.server.parent);
        }
        tell_share("load", episode.load);
    }

    // Without a broker's own time nothing would be delivered, however many processors the workers
    // and the clients had. So this bounds the deliveries of every machine with such processors.
    void tell_bound(const std::string& figure, const Episode& episode) const {
        tell(figure + "broker-bound-per-s", episode.deliveries / episode.server.broker.count());
    }

    // --- Talking

    void one_by_one() {
        std::vector<Clock::duration> times;
        const Episode episode = measure([&] {
            const Deadline end = Clock::now() + plan_.time;
            while (times.size() < kOneByOne && Clock::now() < end) {
                times.push_back(swarm_.say_one(times.size() % plan_.senders(), kTextBytes));
            }
            swarm_.drain();
        });
        tell("last-client-ms", milliseconds(percentile(times, 0.5)));
        tell("last-client-p99-ms", milliseconds(percentile(times, 0.99)));
        tell_shares("one-by-one-", episode, episode.deliveries, "ns");
    }

    // The episode has the beginning and the end of the talk in it; its figure has not.
    Episode talk_as(const std::string& figure, const Talk& talk) {
        double deliveries_per_s = 0;
        const Episode episode = measure([&] {
            swarm_.begin(talk);
            (void)swarm_.talk_until(Clock::now() + kWarmUp);
            const Deadline begin = Clock::now();
            const std::uint64_t lines = swarm_.talk_until(begin + plan_.time);
            const Seconds time = Clock::now() - begin;
            deliveries_per_s = static_cast<double>(lines) / time.count();
            swarm_.drain();
        });
        tell(figure + "deliveries-per-s", deliveries_per_s);
        return episode;
    }

    void talk() {
        const Episode episode = talk_as("", plan_.talk());
        tell_shares("", episode, episode.deliveries, "ns");
        tell_bound("", episode);
        // Each side is measured to some milliseconds, so nothing may look like less than nothing.
        const double others = std::max(0.0, episode.others.count());
        const double processors = static_cast<double>(std::thread::hardware_concurrency());
        tell("others-cpu-percent", others * 100 / (episode.time.count() * processors));
    }

    // One client of a hundred talks, where these are more than talk anyway.
    void one_percent() {
        const std::size_t senders = plan_.clients / 100;
        if (senders <= kSendersMax) return;
        const Episode episode = talk_as("1-percent-", {senders, kTextBytes, kOutstanding});
        const double lines = episode.deliveries / static_cast<double>(plan_.clients);
        tell_shares("1-percent-line-", episode, lines, "us");
    }

    void one_processor() {
        const OneProcessor one(household_.pids());
        const Episode episode = talk_as("1-processor-", plan_.talk());
        tell_shares("1-processor-", episode, episode.deliveries, "ns");
        tell_bound("1-processor-", episode);
    }

    // The part of its messages that a client still gets when some other clients read nothing.
    void stalled() {
        const std::size_t count = std::max<std::size_t>(1, plan_.clients / 100);
        const auto messages = [&](std::size_t readers) {
            swarm_.begin(plan_.talk());
            (void)swarm_.talk_until(Clock::now() + kWarmUp);
            const std::uint64_t lines = swarm_.talk_until(Clock::now() + plan_.time);
            swarm_.drain();
            return static_cast<double>(lines) / static_cast<double>(readers);
        };
        const double before = messages(plan_.clients);
        swarm_.stall(count);
        tell("stalled-part", messages(plan_.clients - count) / before);
    }

    // Some more clients come in, one after the other, while nothing else happens. They stay, and
    // nobody reads any more what is told of them: so this comes last.
    void knock() const {
        std::this_thread::sleep_for(kCalm);
        const ForkTrace trace(plan_.pid);
        std::vector<Client> knockers;
        std::vector<Clock::duration> times;
        while (knockers.size() < kKnockers) {
            const auto number = static_cast<std::uint32_t>(plan_.clients + knockers.size());
            const Deadline begin = Clock::now();
            Client& knocker = knockers.emplace_back(plan_.port);
            for (const Step& step : plan_.contender.entry(number)) {
                if (!step.wait_for.empty()) knocker.expect(step.wait_for);
                knocker.send(step.then_send);
            }
            times.push_back(Clock::now() - begin);
        }
        tell("login-alone-ms", milliseconds(percentile(times, 0.5)));
        const auto forks = trace.forks();
        if (forks.size() == kKnockers) {
            tell("fork-us", static_cast<double>(percentile(forks, 0.5).count()));
        }
    }

    Plan plan_;
    Swarm swarm_;
    Household household_;
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
            number_in(words[4], 1'000'000),
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
