// Every bound of chatd, with its unit and its reason. Nothing grows without one of these.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace chatd {

// --- What a person types ---------------------------------------------------------------------

// Longer lines are refused whole. 4096 is what a terminal in line mode can send at most (N_TTY).
inline constexpr std::size_t kLineBytesMax = 4096;

// Cleaning turns one bad byte into U+FFFD, three bytes: nothing grows by more than that.
inline constexpr std::size_t kTextBytesMax = 3 * kLineBytesMax;

inline constexpr std::size_t kNameCharactersMax = 20;
inline constexpr std::size_t kNameBytesMax = 4 * kNameCharactersMax;  // UTF-8 at its widest

// Combining marks on one letter of a name: Burmese has four; more would write over the lines
// around.
inline constexpr std::size_t kNameMarksMax = 4;

// Combining marks in a row in what people say; more would write over the lines around. Eight is
// what the tallest stack that Tibetan books print has (U+0F67 with seven letters and a sign);
// Hebrew with vowels and cantillation has up to six, everything else less.
inline constexpr std::size_t kTextMarksMax = 8;

// Bad or taken names before the connection ends: enough for typing errors, too few for guessing.
inline constexpr int kLoginAttemptsMax = 5;

// "[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535" is 53 bytes.
inline constexpr std::size_t kPeerBytesMax = 64;

// --- Frames between worker and broker --------------------------------------------------------

// A log entry with the longest name and text; every other frame is smaller (see protocol/frame.h).
inline constexpr std::size_t kFrameBytesMax = 128 + kNameBytesMax + kTextBytesMax;

// One read takes what several writes left.
inline constexpr std::size_t kReadBytes = 64 * 1024;

// --- The log ---------------------------------------------------------------------------------

// A reader may fall this far behind before it misses something.
inline constexpr std::size_t kHistoryBytes = 4 * 1024 * 1024;
inline constexpr std::size_t kHistoryBytesMin = 64 * 1024;
inline constexpr std::size_t kHistoryBytesMax = std::size_t{1} << 40;
static_assert(kHistoryBytesMin >= 4 * kFrameBytesMax, "the log must hold a few of the largest");

// Damaged history files kept beside one: whoever has so many should look at them first.
inline constexpr int kDamagedHistoriesMax = 100;

inline constexpr std::uint32_t kReplay = 10;       // messages a newcomer is shown
inline constexpr std::uint32_t kReplayMax = 1000;  // messages one /history shows at most
inline constexpr std::uint32_t kReplayShown = 20;  // messages /history shows without a number

// --- The room --------------------------------------------------------------------------------

inline constexpr std::uint32_t kClientsMax = 10'000;     // default; --max-clients
inline constexpr std::uint32_t kClientsLimit = 1 << 20;  // what --max-clients may say
inline constexpr std::uint32_t kNamesShown = 20;         // names in the welcome line
inline constexpr std::uint32_t kCrowdNames = 3;          // of many who come or go together
inline constexpr std::uint32_t kPeopleShown = 50;        // rows of one /who

// Descriptors a process of ours needs besides one for each client: 0, 1, 2, listeners, links, log,
// counters, readers of --metrics.
inline constexpr std::uint32_t kSpareFds = 32;

// So many brokers die while they handle one request before that is refused. Killed at random under
// load, 3 of 30 died while they handled some request; that it is the same one thrice in a row is
// its own doing.
inline constexpr std::uint32_t kPoisonDeaths = 3;

// --- Back-pressure ---------------------------------------------------------------------------

// What a worker holds for a client: input not yet handled, messages not yet acknowledged. When
// either is full the worker stops reading, and TCP tells the sender.
inline constexpr std::size_t kInputBytesMax = 16 * 1024;
inline constexpr std::size_t kUnackedBytesMax = 64 * 1024;

// What a worker holds of screen text that its client has not taken, before it handles any more of
// what the client asks for.
inline constexpr std::size_t kScreenBytesMax = 16 * 1024;
static_assert(kInputBytesMax > kLineBytesMax && kUnackedBytesMax > kFrameBytesMax);

// All that a worker may write to, its part of what it shares with the parent included: ten times
// what it needs with everything above full, and the parent's table of a million clients.
inline constexpr std::size_t kWorkerDataBytesMax = std::size_t{256} * 1024 * 1024;

// What the parent holds for a broker that does not read: then it takes no more clients.
inline constexpr std::size_t kControlBytesMax = 256 * 1024;

// A buffer of the broker that grew beyond this in a burst gives its memory back once it is empty.
inline constexpr std::size_t kIdleBufferBytes = 4 * 1024;

// A worker for which nothing has happened so long, or up to twice as long, gives back the memory it
// does not need to wait: later than any burst's next line, sooner than anybody looks.
inline constexpr auto kIdleAfter = std::chrono::seconds(1);

// --- How fast and how slow a client may be: what is so without --rate, --login-timeout ---------

// Faster than anybody types; a paste of 200 lines is through in 18 s.
inline constexpr std::uint32_t kLinesPerSecond = 10;
inline constexpr std::uint32_t kLinesAtOnce = 20;
inline constexpr std::uint32_t kRateLimit = 1'000'000;  // what --rate may say

// Clients of one address (of an IPv6 network of 64 bits) at a time; --max-per-ip. A school behind
// one address fits.
inline constexpr std::uint32_t kPerAddressMax = 256;

// What the end of a client costs its address: so much waiting. It is refused from kPenaltyMin on;
// one crash, one name that does not come, two refusals are less.
inline constexpr auto kPenaltyForCrash = std::chrono::seconds(10);
inline constexpr auto kPenaltyForLateness = std::chrono::seconds(10);
inline constexpr auto kPenaltyForRefusal = std::chrono::seconds(5);
inline constexpr auto kPenaltyMin = std::chrono::seconds(15);
inline constexpr auto kPenaltyMax = std::chrono::minutes(10);

// Addresses that are remembered besides those of who is here: 6 MiB of the parent's.
inline constexpr std::size_t kAddressesRememberedMax = 65'536;

inline constexpr auto kTimeToName = std::chrono::seconds(30);
inline constexpr std::uint32_t kTimeoutLimit = 7 * 24 * 60 * 60;  // seconds; what options may say

// --- The operator's log ----------------------------------------------------------------------

// Lines of one kind; those beyond are counted. 200 come and go and are all seen; who connects for
// ever as fast as possible makes 10 lines a second of each kind, 70 MB a day.
inline constexpr std::uint32_t kLogLinesPerSecond = 10;
inline constexpr std::uint32_t kLogLinesAtOnce = 200;

// Kinds that are too fast at the same time: more than outsiders can cause together.
inline constexpr std::size_t kThrottledKindsMax = 16;

// --- Time ------------------------------------------------------------------------------------

using namespace std::chrono_literals;  // NOLINT: units in one place, as the values are

// SIGTERM to exit at most five seconds: workers flush until this, then they are killed.
inline constexpr auto kShutdownGrace = 4s;

// What a client has to take its last lines in.
inline constexpr auto kGoodbyeGrace = 2s;

// What a client that has taken them has to close in, before it is closed.
inline constexpr auto kCloseGrace = 200ms;

// A client that has vanished from a quiet room is found after this time and so many unanswered
// probes: 90 s.
inline constexpr auto kKeepaliveIdle = 60s;
inline constexpr auto kKeepaliveInterval = 10s;
inline constexpr int kKeepaliveProbes = 3;

// One that has vanished with something on its way to it is found when nothing has been confirmed
// for so long, looked at this often: 90 s at most. The kernel's own patience is a quarter of an
// hour (tcp(7), tcp_retries2), and its TCP_USER_TIMEOUT would also end those who only do not read.
inline constexpr auto kUnconfirmedMax = 60s;
inline constexpr auto kConfirmedLook = 15s;
inline constexpr unsigned kWindowProbesMax = 3;  // unanswered, to one that did not read
// The longest pause between two tries of the kernel's to reach a client (tcp(7) does not know
// TCP_RTO_MAX_MS yet; Linux 6.15); two minutes would be too long for the above.
inline constexpr auto kRetryPauseMax = 20s;

// After EMFILE, ENFILE, EAGAIN or ENOMEM the listener rests until a child ends, or this long: what
// was short may belong to somebody else, and then no end of ours announces it.
inline constexpr auto kListenerRest = 1s;

// Between two notices of the status to a service manager: it shows them to people.
inline constexpr auto kStatusPause = 1s;

// Readers of --metrics answered in one turn of the parent's loop, and kept afterwards until they
// close: for one that is still sending its request would be told of an error.
inline constexpr std::size_t kMetricsReadersMax = 4;

// Connections taken in one turn, clients by the parent and links by the broker, before it looks at
// anything else.
inline constexpr int kAcceptsPerTurn = 64;

// A full backlog of the broker answers EAGAIN, and the kernel offers nothing to wait for. Nor does
// a room that closes a link without a welcome.
inline constexpr auto kConnectPause = 10ms;
inline constexpr auto kConnectPauseMax = 200ms;

// The longest pause between two fan-outs: one may have been long only because the process was held.
inline constexpr auto kFanOutPauseMax = 100ms;

// The same when nothing is news but who comes and goes.
inline constexpr auto kCrowdPauseMax = 1s;

// A worker that waits for the broker this long without a frame from it tells its client and rings
// the bell; a broker that has not answered so long after that is replaced: ten seconds in all. One
// that sends 64 KiB to each of ten thousand clients is silent for two seconds and more, and well.
inline constexpr auto kBrokerSilence = 5s;
inline constexpr auto kBrokerAnswer = 5s;

// Taking up the log takes a broker no longer than this for each MiB: from a disk of 50 MB/s; and
// when it was in use just before (0.6 ms measured).
inline constexpr auto kRecoveryPerMebibyte = 20ms;
inline constexpr auto kWarmRecoveryPerMebibyte = 1ms;

// After a disk has failed, until it is tried again.
inline constexpr auto kDiskPause = 1s;

// A broker that lived less than this was killed by what it found. So many in a row are replaced at
// once, for whoever kills them may well stop; then each next one waits, and twice as long as the
// one before.
inline constexpr auto kBrokerYoung = 100ms;
inline constexpr int kBrokersYoungMax = 20;
inline constexpr auto kBrokerPause = 10ms;
inline constexpr auto kBrokerPauseMax = 5s;

// When memory runs out, so many thousandths of it the kernel takes a worker, or the broker, for
// larger than the parent: workers go first, for one is one client.
inline constexpr int kOomWorker = 200;
inline constexpr int kOomBroker = 100;

// So long after a line of the log was left out the operator is told how many there were.
inline constexpr auto kLeftOutTold = 2s;

// What the next program has to show in that it could take over.
inline constexpr auto kUpgradeCheck = 10s;

}  // namespace chatd
