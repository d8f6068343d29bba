// The bodies of all frames: what worker, broker, parent and lookout say to each other, when, and
// what name, text and fields mean. The bytes of these structs are what is sent, so nothing in them
// may ever move: after an upgrade workers of the old program talk to the broker of the new one. New
// types of frames do no harm.
//
// A session is the number of a member: the sequence number of its Join, which is never 0. Times in
// ms are those of the wall clock, since 1970, unless a comment says otherwise.
#pragma once

#include <cstdint>

namespace chatd {

// Numbers on the wire and in history files: never change one.
enum class FrameType : std::uint8_t {
    // worker to broker
    Attach = 1,
    Post,
    AskWho,
    AskReplay,
    // broker to worker
    Welcome = 32,
    Denied,
    Entry,
    Gap,
    People,
    Person,
    Replay,
    Done,
    Crowd,
    // parent to broker
    Ended = 64,
    CloseRoom,
    Ping,
    Born,
    // worker to lookout
    AskProcesses = 80,
    // lookout to worker, and Done
    Processes,
    ProcessRow,
    // sent by nobody: fills the end of the log's ring
    Pad = 96,
};

// The kinds of events in the room. Here "name" and "text" are those of the Entry.
enum class EntryKind : std::uint8_t {
    Join = 1,  // name entered the room
    Leave,     // name left the room; reason and detail: why; text: its last words
    Say,       // name says text
    Emote,     // name does text
    Tell,      // name says text to one session alone
    Rename,    // name is called text from now on
    Refused,   // to one session: its request did nothing; reason: a Refusal; text: a name it wanted
    Closing,   // the server shuts down
};

enum class LeaveReason : std::uint8_t {
    Quit,      // the client said so, or closed the connection
    Lost,      // the connection broke
    Removed,   // the operator removed the client: SIGTERM to its worker
    Killed,    // signal `detail` killed the worker
    Failed,    // the worker ended with exit status `detail`
    Expelled,  // the worker broke the rules of this protocol
    Idle,      // the client sent nothing for too long
};

enum class Refusal : std::uint8_t {
    NameTaken = 1,
    NobodyThere,  // no member has that name
    RoomFull,     // the member table has no free row
    Removed,      // the session is no longer a member
    Poison,       // several brokers died while they handled this request
};

// What a process of the server is.
enum class ProcessRole : std::uint8_t {
    Parent,
    Broker,
    Worker,
    Lookout,
    Other,  // a program on trial for an upgrade, or a process that repairs the history
};

// The first frame on every link to the broker: the worker asks to join the room, or to come back to
// it. Welcome or Denied answers it. name: the client's name; text: its peer address, for a broker
// of 0.3.0.
struct Attach {
    static constexpr FrameType kType = FrameType::Attach;
    std::uint64_t birth_ns;  // steady clock, when the parent forked the worker; unique with the pid
    std::uint64_t session = 0;   // 0: not a member yet
    std::uint64_t last_seq = 0;  // the sequence number of the last entry that the worker has
    std::uint64_t messages = 0;  // Entry::messages of that entry
    std::uint32_t newcomer = 0;  // 1: has not been shown the whole replay for newcomers yet
    std::uint32_t crowds = 0;    // 1: the worker understands Crowd (workers before 0.3 do not)
};

// A numbered request. It makes exactly one log entry, also when it is refused. The worker keeps it
// until that entry comes back, and sends it again over a new link. name: to whom a Tell goes, or
// the new name; text: what is said.
struct Post {
    static constexpr FrameType kType = FrameType::Post;
    std::uint64_t counter;  // the requests of this session: 1, 2, 3, …
    EntryKind kind;         // Say, Emote, Tell, Rename or Leave
    LeaveReason reason{};   // of a Leave: Quit, Lost, Removed or Idle
    std::uint8_t unused[6] = {};
};

// Asks for the members whose name begins with `name`. People, Person frames and Done answer it.
struct AskWho {
    static constexpr FrameType kType = FrameType::AskWho;
};

// Asks for the last messages, for /history. Replay, Entry frames and Done answer it.
struct AskReplay {
    static constexpr FrameType kType = FrameType::AskReplay;
    std::uint32_t messages;  // how many at most
};

// Answers Attach: the client is a member. For a `newcomer` Entry frames and Done follow.
// name: the version of the broker; text: the names of the first members, with a space between two.
struct Welcome {
    static constexpr FrameType kType = FrameType::Welcome;
    std::uint64_t session;
    std::uint64_t acked;     // the highest Post::counter of this session that is in the log
    std::uint64_t messages;  // Entry::messages of the entry after which the worker reads on
    std::int64_t now_ms;     // the broker's clock
    std::uint32_t members;   // including this one
    std::uint32_t unused = 0;
};

// Answers Attach: a refusal. Removed is final; after the other reasons another name may do.
struct Denied {
    static constexpr FrameType kType = FrameType::Denied;
    Refusal reason;
};

// One thing that happened in the room: a log entry, sent as it lies in the log. name: who did it;
// text: see EntryKind. Pad bytes fill it up to a multiple of 8.
struct Entry {
    static constexpr FrameType kType = FrameType::Entry;
    std::uint64_t seq = 0;         // from 1; where numbers are missing, the log was damaged
    std::int64_t time_ms = 0;      // when it happened
    std::uint64_t messages = 0;    // messages said to all up to this entry, including it
    std::uint64_t from = 0;        // session that did it; 0: the room itself
    std::uint64_t to = 0;          // session that may read it; 0: everybody
    std::uint64_t counter = 0;     // Post::counter of the request that made it; 0: no request did
    std::uint32_t back_bytes = 0;  // in the log: from the entry before this one to this one
    std::uint32_t checksum = 0;    // of the whole frame, calculated while this field is 0
    std::uint32_t room = 0;        // 0 is the only room there is
    EntryKind kind{};
    std::uint8_t reason = 0;  // a LeaveReason or a Refusal
    std::uint8_t detail = 0;  // see LeaveReason
    std::uint8_t unused = 0;
};

// Gap::acked for a session that is no longer a member.
inline constexpr std::uint64_t kNoLongerMember = UINT64_MAX;

// Stands for entries that this worker missed, because the log has overwritten them. name: the
// client's, which may have changed in one of them.
struct Gap {
    static constexpr FrameType kType = FrameType::Gap;
    std::uint64_t messages;  // messages said to all among the missed entries
    std::uint64_t acked;     // as in Welcome: the gap may hide an own entry; or kNoLongerMember
};

// Begins the answer to AskWho. name: as it was asked for.
struct People {
    static constexpr FrameType kType = FrameType::People;
    std::int64_t now_ms;     // the broker's clock
    std::uint32_t members;   // in the room
    std::uint32_t matching;  // of these, with a name that begins so
};

// One member, in the answer to AskWho. name: its name; text: its peer address.
struct Person {
    static constexpr FrameType kType = FrameType::Person;
    std::int64_t since_ms;      // when it joined
    std::int64_t idle_ms;       // how long ago its last request was
    std::int32_t pid;           // of its worker
    std::uint32_t stopped = 0;  // 1: a signal has stopped its worker
};

// Begins the answer to AskReplay: Entry frames, the oldest first, and Done follow.
struct Replay {
    static constexpr FrameType kType = FrameType::Replay;
    std::int64_t now_ms;     // the broker's clock
    std::uint32_t messages;  // how many follow
    std::uint32_t unused = 0;
};

// Stands for entries side by side in the log: people who came and went together. text: names of
// people who came and then of people who left, with a space between two; named_of() says how many.
struct Crowd {
    static constexpr FrameType kType = FrameType::Crowd;
    std::uint64_t last_seq;  // of the last of these entries
    std::int64_t time_ms;    // when that one happened
    std::uint32_t entered;   // people
    std::uint32_t left;      // people
    LeaveReason reason;      // of all who left; Quit when their reasons differ
    std::uint8_t detail;     // see LeaveReason; 0 when the reasons differ
    std::uint8_t unused[6] = {};
};

// The end of the answer to AskWho or AskProcesses, and of a replay.
struct Done {
    static constexpr FrameType kType = FrameType::Done;
    std::uint32_t left_out;  // matching members or workers that the answer does not list
};

// The only frame that the lookout takes: asks for the processes of the server, or with a `name` for
// the workers whose client's name begins so. Processes, ProcessRow frames and Done answer it.
struct AskProcesses {
    static constexpr FrameType kType = FrameType::AskProcesses;
};

// Begins the answer. name: as it was asked for.
struct Processes {
    static constexpr FrameType kType = FrameType::Processes;
    std::uint32_t processes;  // of the server; with a `name` workers
    std::uint32_t matching;   // of these
};

// One process as the kernel tells of it, see proc(5). name: of the worker's client, as the worker
// itself says; empty before it has one. text: the system call in which the process waits; empty
// when the kernel does not tell, and when the question was not for this very name.
struct ProcessRow {
    static constexpr FrameType kType = FrameType::ProcessRow;
    std::int64_t age_ms;
    std::int64_t cpu_ms;       // time on a processor
    std::uint64_t memory_kib;  // RssAnon
    std::int32_t pid;
    std::int32_t ppid;
    std::int32_t nice;
    std::uint32_t policy;  // a SCHED_ of sched(7)
    ProcessRole role;
    char stat[7] = {};  // as the column STAT of ps(1), filled with zeros
};

// The parent has forked a worker: nobody else may attach. It comes over a link of its own, because
// a broker of 0.3.0 must never find it among what its predecessor has not read. text: the peer
// address of the client, as the parent sees it. It comes again when the worker is stopped or
// continued.
struct Born {
    static constexpr FrameType kType = FrameType::Born;
    std::uint64_t birth_ns;     // see Attach
    std::int32_t pid;           // of the worker
    std::uint32_t stopped = 0;  // see Person
};

// A worker has ended.
struct Ended {
    static constexpr FrameType kType = FrameType::Ended;
    std::uint64_t birth_ns;    // see Attach
    std::int64_t lived_ms;     // from fork to end
    std::int32_t pid;          // of the worker
    std::int32_t wait_status;  // as waitpid(2) gives it
};

// The server shuts down: the broker tells everybody.
struct CloseRoom {
    static constexpr FrameType kType = FrameType::CloseRoom;
};

// Asks for nothing. When the broker has taken it off the link, the parent knows that it lives.
struct Ping {
    static constexpr FrameType kType = FrameType::Ping;
};

}  // namespace chatd
