// Every limit of chatd, with its unit and its reason; and the option, if it is a default that an
// option changes. Nothing in chatd grows without such a limit.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace chatd {

using namespace std::chrono_literals;  // NOLINT: durations below are written with their unit

// --- What a person types ---------------------------------------------------------------------

// Bytes of a line, without its line end. A longer line is refused as a whole. A terminal in line
// mode sends at most 4096 bytes at once (N_TTY in Linux).
inline constexpr std::size_t kLineBytesMax = 4096;

// Bytes of a line after it was cleaned. Cleaning replaces a bad byte by U+FFFD, which has three
// bytes, and makes nothing else longer.
inline constexpr std::size_t kTextBytesMax = 3 * kLineBytesMax;

// Characters (code points) of a name, and its bytes: UTF-8 has at most four for a character.
inline constexpr std::size_t kNameCharactersMax = 20;
inline constexpr std::size_t kNameBytesMax = 4 * kNameCharactersMax;

// Combining marks on one letter of a name, and in a row in a chat line. More marks would be drawn
// over the lines above and below. In a name, Burmese needs four. In a line, eight is the tallest
// stack in printed Tibetan books (U+0F67 with seven letters and a sign); Hebrew with vowels and
// cantillation needs six, every other script fewer.
inline constexpr std::size_t kNameMarksMax = 4;
inline constexpr std::size_t kTextMarksMax = 8;

// Bad or taken names that a client may tell before its connection ends: enough for typing errors,
// too few to guess which names are taken.
inline constexpr int kLoginAttemptsMax = 5;

// Bytes of an address with its port. The longest has 53 bytes:
// "[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535".
inline constexpr std::size_t kPeerBytesMax = 64;

// --- Frames between worker and broker --------------------------------------------------------

// Bytes of the largest frame: a log entry with the longest name and text. All other frames are
// smaller (static_assert in protocol/frame.h).
inline constexpr std::size_t kFrameBytesMax = 128 + kNameBytesMax + kTextBytesMax;

// Bytes that one read(2) takes, so that one read fetches what several writes have sent.
inline constexpr std::size_t kReadBytes = 64 * 1024;

// --- The log ---------------------------------------------------------------------------------

// Bytes of the log's ring: the default of --history-size, and the least and the most that it takes.
// A reader that is further behind than this misses messages.
inline constexpr std::size_t kHistoryBytes = 4 * 1024 * 1024;
inline constexpr std::size_t kHistoryBytesMin = 64 * 1024;
inline constexpr std::size_t kHistoryBytesMax = std::size_t{1} << 40;
static_assert(kHistoryBytesMin >= 4 * kFrameBytesMax, "the log must hold a few of the largest");

// Bytes at the beginning of a damaged file in which there must be a header or an entry: otherwise
// the file is no history. Reading them takes a third of a second; reading 20 GB took 98 s.
inline constexpr std::size_t kHistoryProbeBytes = 64 * 1024 * 1024;

// Pieces of the log that a reader hands to a link for one send. There are more than two only when
// private entries lie in between.
inline constexpr std::size_t kPiecesMax = 32;

// Damaged history files that are kept beside the history file. With so many chatd does not start:
// the operator has to look at them and to move them away.
inline constexpr int kDamagedHistoriesMax = 100;

// Counts of messages: what a newcomer is shown (default of --replay), what /history shows without a
// number, and the most of either.
inline constexpr std::uint32_t kReplay = 10;
inline constexpr std::uint32_t kReplayShown = 20;
inline constexpr std::uint32_t kReplayMax = 1000;

// --- The room --------------------------------------------------------------------------------

// Clients at the same time: the default of --max-clients, and the most that it takes.
inline constexpr std::uint32_t kClientsMax = 10'000;
inline constexpr std::uint32_t kClientsLimit = 1 << 20;

inline constexpr std::uint32_t kNamesShown = 20;   // names in the line that welcomes a client
inline constexpr std::uint32_t kCrowdNames = 3;    // names when many people come or go together
inline constexpr std::uint32_t kPeopleShown = 50;  // people that one /who lists

// Columns of a row that a client is shown. A terminal has 80, and some of them go on to the next
// line as soon as the last one is written.
inline constexpr std::size_t kRowColumnsMax = 79;

// Columns of the names in a table: 20 Latin letters, or 10 Chinese characters. A wider name takes a
// line of its own, so that it moves nobody else's row. With this width a row has room for any IPv4
// address.
inline constexpr std::size_t kNameColumnsMax = 20;

// Rows of a table: more than any command shows.
inline constexpr std::size_t kTableRowsMax = 100;
static_assert(kPeopleShown <= kTableRowsMax);

// Crowds that are looked for at once, and the entries among which they are; places in the log from
// which they are remembered; and people of one crowd. In a fan-out nearly all members begin at the
// same place. 3 MiB at most are remembered: each crowd names twice kCrowdNames + 1 people. Where
// people only come and go, an entry takes 1.2 us, because names are compared.
inline constexpr std::size_t kCrowdsAtOnce = 64;
inline constexpr std::size_t kCrowdEntriesAtOnce = 4096;
inline constexpr std::size_t kCrowdBeginningsMax = 64;
inline constexpr std::uint32_t kCrowdPeopleMax = 4000;

// Descriptors that the parent or the broker needs besides one for each client: 0, 1, 2, listeners,
// links between the two, log, counters, readers of --metrics, kStrangersMax, an upgrade on trial.
inline constexpr std::uint32_t kSpareFds = 64;

// When this many brokers in a row died while they handled the same request, it has killed them, and
// the next broker refuses it. (Of 30 brokers that were killed at random under load, 3 died while
// they handled some request.)
inline constexpr std::uint32_t kPoisonDeaths = 3;

// --- Back-pressure ---------------------------------------------------------------------------

// Bytes that a worker holds for its client: input that is not handled yet, and messages that the
// broker has not acknowledged yet. When either is full, the worker stops reading from the client,
// and TCP makes the client wait.
inline constexpr std::size_t kInputBytesMax = 16 * 1024;
inline constexpr std::size_t kUnackedBytesMax = 64 * 1024;
static_assert(kInputBytesMax > kLineBytesMax && kUnackedBytesMax > kFrameBytesMax);

// Bytes of screen text that the client has not taken yet. With more than this the worker handles
// no further line of the client.
inline constexpr std::size_t kScreenBytesMax = 16 * 1024;

// Bytes that the kernel buffers for a client, to it and from it (SO_SNDBUF and SO_RCVBUF in
// socket(7), which allow twice as much, for its own bookkeeping). By itself it would buffer
// megabytes for each client that does not read: 250 of them held 1.3 GB.
inline constexpr int kSendBufferBytes = 64 * 1024;
inline constexpr int kReceiveBufferBytes = 32 * 1024;

// Bytes that a worker may have as writable memory (RLIMIT_DATA), with the pages that it shares with
// the parent: ten times what it needs when all of the above is full and the parent's table holds a
// million clients.
inline constexpr std::size_t kWorkerDataBytesMax = std::size_t{256} * 1024 * 1024;

// Bytes that the parent holds for a broker that does not read them. With so many the parent accepts
// no more clients.
inline constexpr std::size_t kControlBytesMax = 256 * 1024;

// Bytes that an empty buffer may keep. One that a burst has made larger gives its memory back.
inline constexpr std::size_t kEmptyBufferBytesMax = 4 * 1024;

// A worker for which nothing has happened for this time gives back the memory that it does not need
// for waiting. (It may take twice this time, because one alarm looks once in this time.) It is
// longer than the pauses within a burst, and shorter than anybody takes to look at the memory.
inline constexpr auto kGiveBackAfter = 1s;

// --- How fast and how slow a client may be ---------------------------------------------------

// Lines that a client may send each second and at once (the defaults of --rate), and the most that
// --rate takes. Ten a second is faster than anybody types; a pasted text of 200 lines takes 18 s.
inline constexpr std::uint32_t kLinesPerSecond = 10;
inline constexpr std::uint32_t kLinesAtOnce = 20;
inline constexpr std::uint32_t kRateLimit = 1'000'000;

// Units that all clients of one address may use together: each second, and at once (the defaults of
// --rate-per-ip). A line costs a unit, and one more for each kBytesPerUnit of its text after it was
// cleaned; what makes the broker search, or everybody read who somebody is, costs more. A school of
// 256 behind one address comes in at once, and then each of them may say a line every five seconds.
inline constexpr std::uint32_t kUnitsPerSecond = 50;
inline constexpr std::uint32_t kUnitsAtOnce = 600;
inline constexpr std::size_t kBytesPerUnit = 512;
inline constexpr std::uint32_t kUnitsOfLogin = 1;     // besides that of the line with the name
inline constexpr std::uint32_t kUnitsOfRename = 4;    // besides that of its line
inline constexpr std::uint32_t kUnitsOfQuestion = 4;  // besides that of its line

// The longest time that one of them may wait for its turn: all that 256 clients can have taken.
inline constexpr auto kSharedWaitMax = 2min;

// A client is told that its line waits for others of its address when it waits as long as this.
inline constexpr auto kWaitTold = 1s;

// While its lines wait, a client is told so again after this time. A client that has closed looks
// like one that still reads, such as `nc -N`, until something is sent to it: this is how long a
// client that is gone may go on talking to a room in which nobody else talks.
inline constexpr auto kToldAgain = 1min;

// Time in which a client has to tell a good name: the default of --login-timeout.
inline constexpr auto kTimeToName = 30s;

// The prompt waits so long for the first bytes of a client, because a browser or a program speaks
// first and must not find it in front of its answer. A person does not notice.
inline constexpr auto kPromptHeld = 100ms;

// A silent client that came so shortly after its address spoke HTTP, or came before that, may be a
// connection that a browser has to spare, see base/browser_sign. Chromium closes one that it has
// not used for 10 s.
inline constexpr auto kSpareComesWith = 5s;
inline constexpr auto kSpareHeld = 12s;

// A browser that was asked for a name before it spoke HTTP comes again when its user reloads the
// page, and is as slow then: for so long, silent clients of its address may be connections of it.
inline constexpr auto kSlowBrowserReturns = 30s;

// Seconds: the most that --login-timeout and --idle-timeout take.
inline constexpr std::uint32_t kTimeoutLimit = 7 * 24 * 60 * 60;

// Clients of one address (of one IPv6 network of 64 bits) at the same time: the default of
// --max-per-ip. A school behind one address fits.
inline constexpr std::uint32_t kPerAddressMax = 256;

// Connections of one address: each second, and at once. A school can come back all at once when the
// server was started again.
inline constexpr std::uint32_t kConnectsPerSecond = 10;
inline constexpr std::uint32_t kConnectsAtOnce = 256;

// The end of a worker may cost its client's address a penalty: so much of the time in which it
// could have connected. What the address has saved up, 25 s, pays first. What is missing slows the
// address down and never locks it out: kPenaltyMax after one client of it has come in, at the
// latest, the next one may. A client that leaves without a name has cost a process for nothing. One
// that speaks another protocol costs no more than another connection, because a page can make its
// visitors send HTTP: with 120 requests the address has saved up something still.
inline constexpr auto kPenaltyForCrash = 10s;
inline constexpr auto kPenaltyForLateness = 2s;
inline constexpr auto kPenaltyForHalfTry = 1s;
inline constexpr auto kPenaltyForRefusal = 100ms;
inline constexpr auto kPenaltyMax = 5s;

// Clients that are accepted and wait for the turn of their address: those of one address, and all.
// So the last of an address waits for 80 s at most, and all of them need so many descriptors and
// 16 MiB of buffers in the kernel. When descriptors are short, they are turned away first.
inline constexpr std::size_t kQueuedOfAddressMax = 16;
inline constexpr std::size_t kQueuedMax = 256;

// Addresses that the parent remembers, with those of the clients that are here: 8 MiB of memory.
// When there are more, the parent forgets an address when its last client leaves.
inline constexpr std::size_t kAddressesRememberedMax = 65'536;

// --- The journal -----------------------------------------------------------------------------

// Journal lines of one kind: each second, and at once. Further lines are left out and counted. When
// 200 clients come and go, all of their lines are written. A client that connects for ever, as fast
// as it can, makes 10 lines of each kind a second: 70 MB a day.
inline constexpr std::uint32_t kJournalLinesPerSecond = 10;
inline constexpr std::uint32_t kJournalLinesAtOnce = 200;

// Kinds of journal lines that are counted at the same time: more kinds than outsiders can cause.
inline constexpr std::size_t kThrottledKindsMax = 16;

// The journal reports lines that were left out this long after the first of them.
inline constexpr auto kLeftOutTold = 2s;

// Bytes that a trace shows of a name or a text, escaped: with all fields of its frame, it fits into
// one write(2) that mixes with no other (PIPE_BUF, 4096).
inline constexpr std::size_t kTracedTextBytesMax = 1024;

// --- The end of a client, and of the server --------------------------------------------------

// Time from SIGTERM to the parent until it kills the workers that still send last lines. chatd
// promises to end within five seconds.
inline constexpr auto kShutdownGrace = 4s;

// From SIGTERM to a worker until it asks whether the parent was told to go too: a supervisor that
// signals every process of the server one by one has reached the parent by then.
inline constexpr auto kRemovalPause = 500ms;

// Time in which a client has to take its last lines, and then to close the connection, before the
// worker resets it.
inline constexpr auto kGoodbyeGrace = 2s;
inline constexpr auto kCloseGrace = 200ms;

// --- A client that has vanished --------------------------------------------------------------

// While nothing is on its way to the client, TCP finds out: after this silence it sends so many
// probes at this interval. A client that has vanished is found after 90 s.
inline constexpr auto kKeepaliveIdle = 60s;
inline constexpr auto kKeepaliveInterval = 10s;
inline constexpr int kKeepaliveProbes = 3;

// While something is on its way to the client, the worker finds out: the client has vanished when
// it has confirmed nothing for kUnconfirmedMax. The worker looks every kConfirmedLook, so 90 s are
// the longest. Linux would wait for a quarter of an hour (tcp_retries2 in tcp(7)); with its
// TCP_USER_TIMEOUT it would also end clients that are there and only do not read.
inline constexpr auto kUnconfirmedMax = 60s;
inline constexpr auto kConfirmedLook = 15s;

// A client that does not read gets only window probes. It has vanished when it has answered none of
// this many.
inline constexpr unsigned kWindowProbesMax = 3;

// The longest pause between two tries of the kernel to reach a client. Without this it may be two
// minutes, too long for the limits above. (TCP_RTO_MAX_MS, Linux 6.15, not yet in tcp(7).)
inline constexpr auto kRetryPauseMax = 20s;

// --- The listeners of the parent and of the broker -------------------------------------------

// When accept or fork fails because descriptors, processes or memory are short, the listener rests
// until a child ends, and at most this long: what is short may belong to another program, and then
// no child of chatd frees it.
inline constexpr auto kListenerRest = 1s;

// Processes that have connected to the broker before the parent announced them, and wait for that:
// more than the parent can fork before the broker reads on. Others wait here in vain. They have no
// deadline: while the parent is stopped, a worker whose link was closed would only connect again.
inline constexpr std::size_t kStrangersMax = 16;

// Connections that the parent or the broker accepts in one turn of its loop.
inline constexpr int kAcceptsPerTurn = 64;

// Readers of --metrics that are answered in one turn of the parent's loop. Their connections stay
// open until they close: a reader that is still sending its request would see an error otherwise.
inline constexpr std::size_t kMetricsReadersMax = 4;

// Pause between two status messages to the service manager. People read them, and no faster.
inline constexpr auto kStatusPause = 1s;

// --- Between worker and broker ---------------------------------------------------------------

// Pauses of a worker before it connects to the broker again, the first and the longest: connect(2)
// fails with EAGAIN while the broker's backlog is full, and poll(2) cannot wait for room; or the
// broker closed the link without a Welcome.
inline constexpr auto kConnectPause = 10ms;
inline constexpr auto kConnectPauseMax = 200ms;

// The broker knows the sequence numbers of entries so far from each other: a worker that resumes
// makes it read so much of the log at most, some 3000 entries. A log of 1 TiB has 64 MiB of them.
inline constexpr std::size_t kMarkDistanceBytes = 256 * 1024;

// Entries of the log that the broker looks at in one turn for members who have to be shown what
// lies far back (/history, or a member that lags behind), and at once for each member. An entry
// takes some 20 ns, so everybody else waits for less than a millisecond, however many ask; for ten
// in a log of comings and goings, see kCrowdEntriesAtOnce.
inline constexpr std::size_t kEntriesPerTurn = 8192;
inline constexpr std::size_t kEntriesAtOnce = 64;
static_assert(kEntriesPerTurn >= kCrowdEntriesAtOnce, "otherwise a member could wait for ever");

// The longest pause of the broker between two fan-outs, and when the entries are only Joins and
// Leaves. The pause follows from how long the last fan-out took, which may be long only because the
// process did not run in between.
inline constexpr auto kFanOutPauseMax = 100ms;
inline constexpr auto kCrowdPauseMax = 1s;

// When a worker has waited for the broker so long without a frame, it tells its client and wakes
// the parent. When the broker then neither answers nor takes a step for kBrokerAnswer, the parent
// replaces it: ten seconds in all. A healthy broker that sends 64 KiB to each of ten thousand
// clients is silent for more than two seconds, and takes a step for each of them.
inline constexpr auto kBrokerSilence = 5s;
inline constexpr auto kBrokerAnswer = 5s;

// Between two times that workers wake the parent: one that was taken over could do nothing else.
inline constexpr auto kWakeupRest = 100ms;

// --- The lookout -----------------------------------------------------------------------------

// Bytes of the name of a system call. The longest has 28: landlock_create_ruleset and its like.
inline constexpr std::size_t kCallBytesMax = 32;

// Bytes that the lookout reads of a file of /proc that tells of one process. Such a file has some
// 1500, and a name stands at the beginning of its title.
inline constexpr std::size_t kProcFileBytes = 4096;

// Workers that ask at the same time. All of them share one look; more wait in the backlog.
inline constexpr std::size_t kAskersMax = 64;

// Time in which a worker has to send its question. An honest one sends it at once.
inline constexpr auto kQuestionTime = 1s;

// Bytes of an answer, more than it can have: 53 rows of at most 8 + 64 + 80 + 32. A worker takes no
// more, and the kernel holds so much for the link (net.core.wmem_default in socket(7)).
inline constexpr std::size_t kAnswerBytesMax = 16 * 1024;

// After a look the lookout rests so many times as long as the look has kept a processor busy: so
// looks take a tenth of one processor at most, however many ask. (A look takes 2 ms; with a name,
// in a room of 10,000, 0.2 s.)
inline constexpr int kLookRest = 9;

// When a worker has waited for the lookout so long, it tells its client that there is no answer:
// the lookout is stopped, or others use up the processors, which have a higher priority.
inline constexpr auto kLookoutSilence = 5s;

// The pause before the next lookout when one died, the first and the longest: each time twice as
// long, unless it had lived for kLookoutYoung.
inline constexpr auto kLookoutPause = 10ms;
inline constexpr auto kLookoutPauseMax = 5s;
inline constexpr auto kLookoutYoung = 1s;

// --- A new broker ----------------------------------------------------------------------------

// The longest time that a new broker needs for each MiB of the log: from a disk that reads 50 MB/s,
// and from memory when the log was in use just before (0.6 ms were measured).
inline constexpr auto kRecoveryPerMebibyte = 20ms;
inline constexpr auto kWarmRecoveryPerMebibyte = 1ms;

// A broker that lived for less than kBrokerYoung (besides the time to read the log) died of what it
// found. The parent replaces this many such brokers in a row at once, because what kills them may
// stop. Then the parent waits before it starts the next one, each time twice as long, from
// kBrokerPause to kBrokerPauseMax.
inline constexpr auto kBrokerYoung = 100ms;
inline constexpr int kBrokersYoungMax = 20;
inline constexpr auto kBrokerPause = 10ms;
inline constexpr auto kBrokerPauseMax = 5s;

// --- The machine -----------------------------------------------------------------------------

// The broker tries again this long after the disk failed.
inline constexpr auto kDiskPause = 1s;

// Thousandths of all memory by which the kernel counts the process as larger than the parent when
// memory runs out (oom_score_adj). It kills workers first, because a worker serves only one client.
inline constexpr int kOomWorker = 200;
inline constexpr int kOomBroker = 100;

// Seconds: the most that --reap-delay takes. A lesson is over by then.
inline constexpr std::uint32_t kReapDelayMax = 60 * 60;

// Zombies that --reap-delay leaves. Each has a pid and counts as a process (ulimit -u), so when
// there are more, the oldest is collected early. It is as many as one address may have clients.
inline constexpr std::size_t kZombiesMax = 256;

// Time in which the program of an upgrade has to show that it could take over.
inline constexpr auto kUpgradeCheck = 10s;

// Time in which that program has to take over then; clients who connect wait for that. It needs
// some milliseconds, and a second for a million clients.
inline constexpr auto kTakeOverMax = 5s;

// --- The web ---------------------------------------------------------------------------------

// Bytes of the head of a request, and its header fields. A browser sends some 700 bytes in 20
// fields. Programs on the same machine share their cookies with chatd, whatever their ports, so
// there is room for these.
inline constexpr std::size_t kHttpHeadBytesMax = 8 * 1024;
inline constexpr std::size_t kHttpFieldsMax = 100;

// Bytes of a message in a WebSocket, in all its frames: more than a line may have, because a person
// may paste text that is refused with a friendly word, where a browser would only lose the
// connection.
inline constexpr std::size_t kWebSocketMessageBytesMax = 64 * 1024;
static_assert(kWebSocketMessageBytesMax > kLineBytesMax);

// Bytes in a control frame (RFC 6455, 5.5). What a ping brings has to be sent back, and is held so
// long.
inline constexpr std::size_t kWebSocketControlBytesMax = 125;

// Clients of trusted proxies that are not introduced yet. Each has a descriptor in the parent; more
// of them are turned away.
inline constexpr std::size_t kIntroductionsMax = 1024;

// A browser that has sent nothing for kWebSocketSilence is asked for a sign of life, and has
// vanished after kWebSocketDead: as long as the kernel takes to find out where no proxy is in
// between. Proxies end connections that are silent for a minute (nginx, haproxy by default).
inline constexpr auto kWebSocketSilence = 30s;
inline constexpr auto kWebSocketDead = 90s;

// --- The terminal client ---------------------------------------------------------------------

// Bytes of an escape sequence of a key. The longest that terminals send has some 20; what answers a
// question, such as one for a colour, has more.
inline constexpr std::size_t kSequenceBytesMax = 256;

// Bytes that are pasted at once. More is no chat: whoever pastes it took the wrong text.
inline constexpr std::size_t kPasteBytesMax = 64 * 1024;

// Steps that can be undone. Each step holds a line: 800 KiB at most.
inline constexpr std::size_t kUndosMax = 200;

// Lines that were entered and can be fetched back, and their bytes: weeks of chatting, and a file
// that is read at once.
inline constexpr std::size_t kInputHistoryLines = 1000;
inline constexpr std::size_t kInputHistoryBytes = 256 * 1024;
static_assert(kInputHistoryBytes > kLineBytesMax);

// Columns of the narrowest terminal in which an input row is drawn.
inline constexpr std::size_t kInputColumnsMin = 5;

// Depth and bytes of a JSON text that is read. chatd's objects have a depth of two; the longest has
// a text of kTextBytesMax, of which each byte may be escaped in two.
inline constexpr std::size_t kJsonDepthMax = 16;
inline constexpr std::size_t kJsonBytesMax = 64 * 1024;
static_assert(kJsonBytesMax >= 2 * kTextBytesMax + 4 * kNameBytesMax + 1024);

// Lines that the client has taken and the server has not confirmed: a pasted page and more.
inline constexpr std::size_t kOutboxLinesMax = 1000;

// Pauses before the client connects again, the first and the longest; each is twice as long as the
// one before, and up to a half longer by chance, so that not all clients come back at once.
inline constexpr auto kReconnectPause = 200ms;
inline constexpr auto kReconnectPauseMax = 30s;

// Pauses before the client tells its name again while its own dead connection still holds that: the
// server finds such a connection after 90 s, and closes after kLoginAttemptsMax names.
inline constexpr auto kNamePause = 1s;

// Time to connect to one address, and for the server's last lines after /quit.
inline constexpr auto kConnectTime = 10s;
inline constexpr auto kQuitTime = 2s;

// Time in which a server has to answer the first line, before its connection counts as cut off.
inline constexpr auto kGreetingTime = 30s;

// Messages that the client asks for when it comes back, as many as /history shows, and events that
// it holds back meanwhile.
inline constexpr std::uint32_t kMissedAsked = kReplayMax;
inline constexpr std::size_t kHeldBackMax = 4096;

// Names that Tab knows, and colours of names.
inline constexpr std::size_t kNamesKnownMax = 1000;
inline constexpr std::size_t kNameColours = 12;

// Bytes that the client reads from the server in one turn. A terminal shows so many in a few
// milliseconds, so a key never waits longer than that.
inline constexpr std::size_t kServerReadBytes = 16 * 1024;

// How long a lone ESC waits for the rest of a key: longer than one takes through ssh(1), shorter
// than people notice.
inline constexpr auto kEscapeTime = 50ms;

// Time in which a server has to confirm bytes that were sent to it. One that is silent altogether
// is probed as the server probes its clients, see kKeepaliveIdle; but because of this time, a
// single probe without an answer is enough (tcp(7)).
inline constexpr auto kServerVanishes = 30s;

// Time for a terminal to take the last bytes, and then for what gives it back. One that takes
// nothing, as after Ctrl-S or behind a dead network, must not keep the client from ending.
inline constexpr auto kLastBytesTime = 500ms;

// Time in which a second Ctrl-C leaves.
inline constexpr auto kSecondInterrupt = 5s;

}  // namespace chatd
