// A conversation without sockets: the test types as the client, answers as the broker, and takes
// what comes out. A helper that fails names the line of the test that called it.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/frame.h"
#include "support/escape.h"
#include "support/frames.h"
#include "support/where.h"
#include "worker/conversation.h"

namespace chatd::test {

constexpr std::int64_t kNow = 1700488979000;  // milliseconds: 2023-11-20 14:02:59, UTC
constexpr std::int64_t kYesterday = kNow - 24 * 60 * 60 * 1000;

constexpr Moment kBegin = Moment(std::chrono::seconds(500));  // when the client comes

constexpr std::uint64_t kMe = 40;  // sessions
constexpr std::uint64_t kBob = 30;
constexpr std::uint64_t kEve = 31;

constexpr std::string_view kPrompt = "Your name: ";

[[nodiscard]] std::int64_t utc(std::int64_t time_s);

// The Welcome that the broker sends to kMe.
[[nodiscard]] Welcome welcome_to(std::uint32_t members, std::uint64_t acked = 0);

// `entered` members came and `left` members left without a reason, up to entry `last_seq`.
[[nodiscard]] Crowd crowd(std::uint64_t last_seq, std::uint32_t entered, std::uint32_t left);

// Calls visit(frame) for each of the whole frames that `bytes` must consist of; throws otherwise.
template <class Visit>
void for_each_frame(std::string_view bytes, Visit visit) {
    while (!bytes.empty()) {
        Frame frame{};
        if (take_frame(bytes, frame) != FrameStatus::Whole) {
            throw std::runtime_error("no frame: " + escaped(bytes));
        }
        visit(frame);
    }
}

// A frame to the broker as tests read it: "3 tell bob: psst", "4 leave quit: bye", "who [al]",
// "past 20", "attach alice session 0 has 0".
[[nodiscard]] std::string described(const Frame& frame);
[[nodiscard]] std::string described(const Post& post, std::string_view name, std::string_view text);

// Frames to the broker, described.
using Sent = std::vector<std::string>;
inline const Sent kNothing;
[[nodiscard]] Sent described_frames(std::string_view bytes);

// The line `count` times, each with its end.
[[nodiscard]] std::string lines(std::size_t count, std::string_view line);

class ConversationClient {
  public:
    enum class Stage { Login, Entering, Talking };

    // All that comes out on the way to the stage is thrown away.
    explicit ConversationClient(Stage stage = Stage::Login, Language language = Language::English,
                                Limits limits = {}, SharedBudget budget = {});

    // --- What came out since the last call

    [[nodiscard]] std::string screen();
    [[nodiscard]] Sent sent();
    [[nodiscard]] std::optional<WorkerExit> end() const { return conversation.end(); }

    // --- The client

    void types(std::string_view bytes) { conversation.client_sent(bytes); }

    // Types; returns what is shown, and nothing may be sent. Or the other way round.
    std::string shown_for(std::string_view bytes, Where where = Where::here());
    Sent sent_for(std::string_view bytes, Where where = Where::here());

    // --- The broker

    // Sends a frame. False: the conversation says that no broker sends it.
    template <class Body>
    [[nodiscard]] bool takes(const Body& body, std::string_view name = {},
                             std::string_view text = {}) {
        return takes_frame(framed(body, name, text));
    }

    // Sends a frame that must be taken.
    template <class Body>
    void broker(const Body& body, std::string_view name = {}, std::string_view text = {},
                Where where = Where::here()) {
        expect(takes(body, name, text), "the frame is taken", where);
    }

    // The link breaks, and there is another one; the broker has not answered yet.
    void relinks(Where where = Where::here());

    // Lets the client in with nothing said before, or the worker back in.
    void welcome(std::uint64_t acked = 0, Where where = Where::here());

    // The next entry of the log.
    [[nodiscard]] Entry entry(EntryKind kind, std::uint64_t from);

    // Something that another member does, or says to this client alone.
    void happens(EntryKind kind, std::uint64_t from, std::string_view name,
                 std::string_view text = {}, Where where = Where::here());
    void hears(std::uint64_t from, std::string_view name, std::string_view text,
               Where where = Where::here());

    // The entry that the client's own request with this counter has made.
    void comes_back(EntryKind kind, std::uint64_t counter, std::string_view text = {},
                    std::uint64_t to = 0, Where where = Where::here());
    void is_refused(std::uint64_t counter, Refusal reason, std::string_view wanted = {},
                    Where where = Where::here());
    void has_left(std::uint64_t counter, LeaveReason reason, Where where = Where::here());

    // Something that was said before the client came, or before it asked.
    void replays(std::string_view name, std::string_view text, std::int64_t time_ms = kNow,
                 Where where = Where::here());
    void replay_begins_anew() { replay_seq_ = 0; }

    [[nodiscard]] std::uint64_t last_seq() const { return seq_; }

    Conversation conversation;

  private:
    [[nodiscard]] bool takes_frame(std::string_view bytes);
    static void expect(bool holds, const char* what, const Where& where);

    std::uint64_t replay_seq_ = 0;
    std::uint64_t seq_ = 0;
};

}  // namespace chatd::test
