// Frames: what worker, broker and parent say to each other over AF_UNIX stream sockets.
//
// A frame is a header, a body fixed by its type, a name and a text. Its length comes first and is
// checked against its bounds before anything else in it is believed. A log entry is a frame too:
// the broker sends it as it lies in the log.
//
// Both ends run on one machine, so numbers are in its byte order. This file must never trust a
// length, and never look at what a text says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/bounds.h"

namespace chatd {

// Old workers talk to the broker of a newer program. New types of frames do no harm; when one that
// is here changes, so must this, and then no running server can be upgraded to it.
inline constexpr std::uint8_t kFrameVersion = 1;

enum class FrameType : std::uint8_t {
    // worker -> broker
    Attach = 1,
    Post,
    AskWho,
    AskReplay,
    // broker -> worker
    Welcome = 32,
    Denied,
    Entry,
    Gap,
    People,
    Person,
    Replay,
    Done,
    Crowd,
    // parent -> broker
    Ended = 64,
    CloseRoom,
    Ping,
    // never sent: fills the end of the log's ring
    Pad = 96,
};

// What happened in the room. A number in a log file: never reuse one.
enum class EntryKind : std::uint8_t {
    Join = 1,  // name entered
    Leave,     // name left; reason, detail: why; text: last words
    Say,       // name says text
    Emote,     // name does text
    Tell,      // name says text to one session
    Rename,    // name is called text from now on
    Refused,   // to one session: its numbered request did nothing; reason: why; text: name wanted
    Closing,   // the server shuts down
};

enum class LeaveReason : std::uint8_t {
    Quit,      // said so, or closed the connection
    Lost,      // the connection broke
    Removed,   // SIGTERM to its worker
    Killed,    // its worker died of signal `detail`
    Failed,    // its worker ended with status `detail`
    Expelled,  // its worker broke the frame protocol
    Idle,      // said nothing for too long
};

enum class Refusal : std::uint8_t {
    NameTaken = 1,
    NobodyThere,  // no member has that name
    RoomFull,     // the member table has no free slot
    Removed,      // the session is no longer a member
    Poison,       // the broker died while it handled this request
};

struct FrameHeader {
    std::uint32_t bytes;  // of the whole frame, this header included
    std::uint8_t version;
    FrameType type;
    std::uint8_t name_bytes;
    std::uint8_t pad_bytes;  // zeros after the text
};

// Joins the room, or comes back to it over a new link. name: its name; text: its peer address.
struct Attach {
    static constexpr FrameType kType = FrameType::Attach;
    std::uint64_t birth_ns;  // when the worker was forked: with the pid, who it is
    std::uint64_t session;   // 0: not yet a member
    std::uint64_t last_seq;  // the last entry it has
    std::uint64_t messages;  // Entry::messages of that entry
    std::uint32_t newcomer;  // 1: has not been shown all of the last messages before it came
    std::uint32_t crowds;    // 1: understands Crowd; older workers do not
};

// A numbered request; makes exactly one log entry. name: whom to tell, or the new name.
struct Post {
    static constexpr FrameType kType = FrameType::Post;
    std::uint64_t counter;  // the worker's own, from 1, without holes
    EntryKind kind;         // Say, Emote, Tell, Rename or Leave
    LeaveReason reason;     // of Leave: Quit, Lost, Removed or Silent
    std::uint8_t spare[6];
};

// Workers keep to the rate of lines by themselves. A broker that was away, or a client that did not
// read, has them save up requests, and they come at once: so many of the shortest, and the few that
// are no Posts. A worker that sends more at once is its client's no more.
inline constexpr std::uint32_t kRequestsSavedUp =
    kUnackedBytesMax / (sizeof(FrameHeader) + sizeof(Post) + 1) + 16;

// Who is here? name: only those whose name begins so.
struct AskWho {
    static constexpr FrameType kType = FrameType::AskWho;
};

struct AskReplay {
    static constexpr FrameType kType = FrameType::AskReplay;
    std::uint32_t messages;  // how many of the last ones
};

// Answers Attach. When it says newcomer, the last messages follow, and Done. name: the version of
// the broker; text: the first names, a space between two.
struct Welcome {
    static constexpr FrameType kType = FrameType::Welcome;
    std::uint64_t session;
    std::uint64_t acked;     // the highest counter of this session that is in the log
    std::uint64_t messages;  // Entry::messages of its Join
    std::int64_t now_ms;     // what the broker's clock says
    std::uint32_t members;   // with the new one
    std::uint32_t spare;
};

// Answers Attach: no. reason is final for Removed; otherwise another name may do.
struct Denied {
    static constexpr FrameType kType = FrameType::Denied;
    Refusal reason;
};

// One thing that happened. name: who; text: what was said, see EntryKind.
struct Entry {
    static constexpr FrameType kType = FrameType::Entry;
    std::uint64_t seq;         // from 1; where some are missing, the log was damaged
    std::int64_t time_ms;      // since 1970
    std::uint64_t messages;    // said to all up to this entry, this one included
    std::uint64_t from;        // session; 0: the room itself
    std::uint64_t to;          // session; 0: everybody
    std::uint64_t counter;     // of the Post that made it; 0: none did
    std::uint32_t back_bytes;  // from the entry before it to this one, in the log
    std::uint32_t checksum;    // of the frame with this field 0
    std::uint32_t room;        // 0: the only one there is
    EntryKind kind;
    std::uint8_t reason;  // LeaveReason or Refusal
    std::uint8_t detail;  // signal or exit status
    std::uint8_t spare;
};

inline constexpr std::uint64_t kNoLongerMember = UINT64_MAX;

// The log has overtaken this reader. name: its own by now, for that may have changed unseen.
struct Gap {
    static constexpr FrameType kType = FrameType::Gap;
    std::uint64_t messages;  // said to all that it will not see
    std::uint64_t acked;     // entries of its own may be among the lost; or kNoLongerMember
};

// Answers AskWho: then come Person frames and Done. name: as asked for.
struct People {
    static constexpr FrameType kType = FrameType::People;
    std::int64_t now_ms;
    std::uint32_t members;
    std::uint32_t matching;
};

// name: its name; text: its peer address.
struct Person {
    static constexpr FrameType kType = FrameType::Person;
    std::int64_t since_ms;
    std::int64_t idle_ms;
    std::int32_t pid;
    std::uint32_t spare;
};

// Answers AskPast: then come entries, the oldest first, and Done.
struct Replay {
    static constexpr FrameType kType = FrameType::Replay;
    std::int64_t now_ms;
    std::uint32_t messages;
    std::uint32_t spare;
};

// Stands for entries side by side in the log: people who came and went together. text: the first
// names of those who came and then of those who went, a space between two; see named_of().
struct Crowd {
    static constexpr FrameType kType = FrameType::Crowd;
    std::uint64_t last_seq;  // of those entries
    std::int64_t time_ms;    // of the last
    std::uint32_t entered;
    std::uint32_t left;
    LeaveReason reason;   // of all who left, or Quit when they had several
    std::uint8_t detail;  // see Entry
    std::uint8_t spare[6];
};

// The answer is complete.
struct Done {
    static constexpr FrameType kType = FrameType::Done;
    std::uint32_t left_out;  // that also match
};

// A worker's process has ended and is reaped.
struct Ended {
    static constexpr FrameType kType = FrameType::Ended;
    std::uint64_t birth_ns;
    std::int64_t lived_ms;
    std::int32_t pid;
    std::int32_t wait_status;  // as waitpid(2) gives it
};

// Tell everybody that the server shuts down.
struct CloseRoom {
    static constexpr FrameType kType = FrameType::CloseRoom;
};

// Nothing to do. That it is taken off the link says that the broker lives.
struct Ping {
    static constexpr FrameType kType = FrameType::Ping;
};

struct Pad {
    static constexpr FrameType kType = FrameType::Pad;
};

// A struct with no members still has a size in C++; on the wire it has none.
template <class Body>
inline constexpr std::size_t kBodyBytes = std::is_empty_v<Body> ? 0 : sizeof(Body);

static_assert(sizeof(FrameHeader) == 8 && sizeof(Entry) == 64, "no hidden padding");
static_assert(sizeof(FrameHeader) + sizeof(Entry) + kNameBytesMax + kTextBytesMax + 8 <=
              kFrameBytesMax);
static_assert(kNameBytesMax <= UINT8_MAX, "name_bytes is one byte");

// A whole and well-formed frame, looked at where it lies: valid as long as those bytes are.
struct Frame {
    FrameType type;
    std::string_view bytes;
    std::string_view body;
    std::string_view name;
    std::string_view text;

    // The body as the struct of its type; asking for another type is our bug.
    template <class Body>
    Body as() const {
        Body value{};
        if constexpr (!std::is_empty_v<Body>) {
            std::memcpy(&value, body.data(), sizeof value);
        }
        return value;
    }
};

enum class FrameStatus : std::uint8_t { Whole, Partial, Malformed };

// Takes the frame at the front of `bytes` off it. Partial: nothing taken, more bytes needed, and
// never more than kFrameBytesMax. Malformed: the sender is broken or hostile; end the link.
[[nodiscard]] FrameStatus take_frame(std::string_view& bytes, Frame& frame);

// Frames out of bytes that come in any pieces.
class FrameReader {
  public:
    // Hands every whole frame to `take`, in order, and keeps the beginning of the next one. False:
    // a frame was malformed, or `take` said no; the sender's link is to be ended.
    [[nodiscard]] bool read(std::string_view bytes, const std::function<bool(const Frame&)>& take);

    void clear() { partial_.clear(); }

  private:
    std::string partial_;
};

namespace detail {
void append_frame(std::string& out, FrameType type, std::string_view body, std::string_view name,
                  std::string_view text, bool aligned);
}

// Appends one frame. name and text within their limits, or it is our bug.
template <class Body>
void append_frame(std::string& out, const Body& body, std::string_view name = {},
                  std::string_view text = {}) {
    static_assert(std::is_trivially_copyable_v<Body>);
    detail::append_frame(out, Body::kType, {reinterpret_cast<const char*>(&body), kBodyBytes<Body>},
                         name, text, std::is_same_v<Body, Entry>);
}

}  // namespace chatd
