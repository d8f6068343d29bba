#include "fuzz/honest_worker.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/bounds.h"
#include "fuzz/claim.h"
#include "text/clean.h"
#include "text/encoding.h"
#include "text/name.h"

namespace chatd::fuzz {
namespace {

using namespace std::chrono_literals;

constexpr char kIac = '\xFF';

// The link is read only when the screen is empty. So the screen holds at most what one read of the
// link adds and what one command adds.
constexpr std::size_t kScreenMost = kScreenBytesMax + 3 * kReadBytes;

// The frames hold at most all requests that are not acknowledged, one request that passes the
// bound, and an Attach.
constexpr std::size_t kFramesMost = kUnackedBytesMax + 3 * kFrameBytesMax;

void claim_post(const Frame& frame) {
    const auto post = frame.as<Post>();
    CLAIM(is_clean_text(frame.text));
    switch (post.kind) {
        case EntryKind::Tell: CLAIM(may_be_name(frame.name)); break;
        case EntryKind::Rename: CLAIM(check_name(frame.name) == NameFault::None); break;
        default: CLAIM(frame.name.empty());
    }
    if (is_message(post.kind)) CLAIM(!is_blank(frame.text));
}

}  // namespace

HonestWorker::HonestWorker(ClaimedBroker& broker, std::int32_t pid, Conversation::Settings settings)
    : broker_(broker), pid_(pid), conversation_(std::move(settings)), now_(500s) {
    conversation_.time_is(now_);
}

// --- The client

void HonestWorker::client_sends(std::string_view bytes) {
    while (!bytes.empty() && !finished_) {
        const std::string_view piece = bytes.substr(0, kInputBytesMax);
        bytes.remove_prefix(piece.size());
        if (!conversation_.wants_input()) return;
        conversation_.time_is(now_);
        conversation_.client_sent(piece);
        claim_bounds();
    }
}

void HonestWorker::client_finishes() {
    if (finished_ || !conversation_.wants_input()) return;
    finished_ = true;
    conversation_.client_finished();
    claim_bounds();
}

void HonestWorker::client_is_lost() {
    if (finished_ || !conversation_.wants_input()) return;
    finished_ = true;
    conversation_.client_lost();
    claim_bounds();
}

void HonestWorker::client_reads() {
    claim_screen(conversation_.screen());
    conversation_.screen().clear();
    conversation_.screen_sent();
    claim_bounds();
}

// --- The link

void HonestWorker::open_link() {
    if (link_ || !conversation_.wants_link()) return;
    link_.emplace().pid = pid_;
    reader_.clear();
    conversation_.link_opened();
}

void HonestWorker::break_link() {
    if (!link_) return;
    link_.reset();
    conversation_.link_closed();
    claim_bounds();
}

// The broker must not close the link for anything that an honest worker sends.
void HonestWorker::send(std::size_t bytes) {
    std::string& frames = conversation_.frames();
    claim_frames(frames);
    const std::string sent = std::exchange(frames, {}).substr(0, bytes);
    if (broker_.receive(*link_, sent)) return;
    // The broker dismisses an honest worker in one case only: the worker has left, and asks for its
    // Leave twice. It is told so, and it ends in the way in which it was about to end.
    take(SIZE_MAX);
    CLAIM(end() && end() != WorkerExit::Failed);
}

void HonestWorker::take(std::size_t bytes) {
    const std::string sent = broker_.deliver(*link_).substr(0, bytes);
    const auto handle = [this](const Frame& frame) { return conversation_.broker_sent(frame); };
    for (std::string_view rest = sent; !rest.empty() && link_;) {
        // The link is read only when the client has read what came before.
        client_reads();
        const std::string_view piece = rest.substr(0, kReadBytes);
        rest.remove_prefix(piece.size());
        CLAIM(reader_.read(piece, handle));
        claim_bounds();
    }
}

void HonestWorker::exchange() {
    if (end()) return;
    open_link();
    if (!link_) return;
    send(SIZE_MAX);
    take(SIZE_MAX);
}

void HonestWorker::send_and_break(std::size_t bytes) {
    if (end()) return;
    open_link();
    if (!link_) return;
    send(bytes);
    break_link();
}

void HonestWorker::exchange_and_break(std::size_t bytes) {
    if (end()) return;
    open_link();
    if (!link_) return;
    send(SIZE_MAX);
    take(bytes);
    break_link();
}

// --- The server

void HonestWorker::is_removed() {
    conversation_.operator_removes();
    claim_bounds();
}

void HonestWorker::server_closes() {
    conversation_.server_closes();
    claim_bounds();
}

void HonestWorker::broker_is_silent() {
    if (conversation_.waits_for_broker()) conversation_.broker_is_silent();
}

void HonestWorker::gives_back_memory() {
    conversation_.frames().shrink_to_fit();
    conversation_.screen().shrink_to_fit();
}

void HonestWorker::pass(std::chrono::milliseconds time) {
    now_ += time;
    const auto due = conversation_.wake_at();
    if (!end() && due && now_ >= *due) conversation_.time_is(now_);
    if (is_due(conversation_.asks_at(), now_)) conversation_.ask_name(now_);
    claim_bounds();
}

// --- Claims

void HonestWorker::claim_end() {
    // An empty line costs a turn too.
    constexpr std::size_t kTurnsMax = 2 * kInputBytesMax;
    for (std::size_t turn = 0; !end(); ++turn) {
        CLAIM(turn < kTurnsMax);
        client_reads();
        client_finishes();
        exchange();
        const auto due = conversation_.wake_at();
        pass(due && *due > now_ ? std::chrono::ceil<std::chrono::milliseconds>(*due - now_) : 1ms);
    }
    client_reads();
}

void HonestWorker::claim_bounds() {
    CLAIM(conversation_.screen().size() <= kScreenMost);
    CLAIM(conversation_.frames().size() <= kFramesMost);
    // A conversation that is over stays over, and the reason stays the same.
    if (end_) CLAIM(end() == end_);
    end_ = end();
    // A worker that does not read from its client waits for something.
    if (!end() && !finished_ && !conversation_.wants_input()) {
        CLAIM(!conversation_.screen().empty() || conversation_.wake_at() ||
              conversation_.waits_for_broker());
    }
}

// The screen holds clean lines and answers to telnet.
void HonestWorker::claim_screen(std::string_view screen) {
    if (screen.starts_with("HTTP/1.1 ")) {
        is_web_ = screen.starts_with("HTTP/1.1 101 ");
        if (!is_web_) return;
        screen.remove_prefix(std::min(screen.find("\r\n\r\n") + 4, screen.size()));
    }
    if (is_web_) return claim_websocket(screen);
    std::string text;
    while (!screen.empty()) {
        if (screen.front() != kIac) {
            const std::size_t bytes = std::min(screen.find(kIac), screen.size());
            text.append(screen.substr(0, bytes));
            screen.remove_prefix(bytes);
            continue;
        }
        CLAIM(screen.size() >= 3 && (screen[1] == '\xFC' || screen[1] == '\xFE'));
        screen.remove_prefix(3);
    }
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        CLAIM(is_clean_text(line) || std::string(line) + '\n' == advice_in(encoding_of(line)));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
}

// Whole frames of a server: objects, pongs and pings, and at the end a close.
void HonestWorker::claim_websocket(std::string_view frames) {
    while (!frames.empty()) {
        CLAIM(frames.size() >= 2);
        const auto opcode = static_cast<unsigned char>(frames[0]) & 0x0F;
        std::size_t head = 2;
        std::size_t bytes = static_cast<unsigned char>(frames[1]);
        if (bytes == 126) {
            head = 4;
            bytes = static_cast<unsigned char>(frames[2]) * 256U +
                    static_cast<unsigned char>(frames[3]);
        }
        CLAIM(bytes != 127 && frames.size() >= head + bytes);
        const std::string_view payload = frames.substr(head, bytes);
        CLAIM(opcode == 1 || opcode == 8 || opcode == 9 || opcode == 10);
        if (opcode == 1) CLAIM(payload.starts_with("{") && payload.ends_with("}"));
        if (opcode == 1) CLAIM(is_clean_text(payload));
        frames.remove_prefix(head + bytes);
        CLAIM(opcode != 8 || frames.empty());
    }
}

void HonestWorker::claim_frames(std::string_view frames) {
    while (!frames.empty()) {
        Frame frame{};
        CLAIM(take_frame(frames, frame) == FrameStatus::Whole);
        switch (frame.type) {
            case FrameType::Attach:
                CLAIM(check_name(frame.name) == NameFault::None && is_clean_text(frame.text));
                break;
            case FrameType::Post: claim_post(frame); break;
            case FrameType::AskWho: CLAIM(is_clean_text(frame.name)); break;
            case FrameType::AskReplay: CLAIM(frame.as<AskReplay>().messages <= kReplayMax); break;
            default: CLAIM(false);
        }
    }
}

}  // namespace chatd::fuzz
