#include "worker/input.h"

#include <algorithm>
#include <utility>

#include "base/bounds.h"

namespace chatd {
namespace {

constexpr unsigned char kFirstCommand = 236;  // RFC 1184; the others: RFC 854
constexpr unsigned char kSubEnd = 240;
constexpr unsigned char kEraseCharacter = 247;
constexpr unsigned char kEraseLine = 248;
constexpr unsigned char kSubBegin = 250;
constexpr unsigned char kWill = 251;
constexpr unsigned char kWont = 252;
constexpr unsigned char kDo = 253;
constexpr unsigned char kDont = 254;
constexpr unsigned char kCommand = 255;  // IAC

constexpr char kErase = '\x7F';  // the keys that do the same: see text/edit
constexpr char kKill = '\x15';

void answer(unsigned char verb, unsigned char option, std::string& replies) {
    for (const unsigned char byte : {kCommand, verb, option}) replies += static_cast<char>(byte);
}

constexpr std::string_view kEnds("\n\0", 2);  // what lines end with

struct End {
    std::size_t at;
    std::size_t bytes;  // 0: none found, and `at` is behind the last byte
};

End find_end(std::string_view bytes, std::size_t from) {
    for (std::size_t at = from; (at = bytes.find_first_of(kEnds, at)) != bytes.npos; ++at) {
        const bool after_return = at > 0 && bytes[at - 1] == '\r';
        if (after_return) return {at - 1, 2};
        if (bytes[at] == '\n') return {at, 1};
    }
    return {bytes.size(), 0};
}

}  // namespace

// --- Telnet --------------------------------------------------------------------------------------

void TelnetFilter::filter(std::string_view bytes, std::string& text, std::string& replies) {
    while (!bytes.empty()) {
        if (state_ == State::Text) {
            const std::size_t end = bytes.find(static_cast<char>(kCommand));
            text.append(bytes.substr(0, end));
            if (end == std::string_view::npos) return;
            state_ = State::Command;
            bytes.remove_prefix(end + 1);
        } else {
            take(static_cast<unsigned char>(bytes.front()), text, replies);
            bytes.remove_prefix(1);
        }
    }
}

void TelnetFilter::take(unsigned char byte, std::string& text, std::string& replies) {
    switch (std::exchange(state_, State::Text)) {
        case State::Text:
        case State::Command:
            if (byte >= kWill && byte <= kDont) state_ = State::Option;
            if (byte == kSubBegin) state_ = State::Subnegotiation;
            verb_ = byte;
            // For interrupt, break, are-you-there … there is nothing to do. IAC IAC is the byte
            // itself. A client that sends a number below the first command does not speak telnet:
            // it sends text that is not UTF-8.
            if (byte == kCommand || byte < kFirstCommand) text += static_cast<char>(kCommand);
            if (byte < kFirstCommand) text += static_cast<char>(byte);
            if (byte == kEraseCharacter) text += kErase;
            if (byte == kEraseLine) text += kKill;
            return;
        case State::Option:
            // WON'T and DON'T need no answer, because the option is off already.
            if (verb_ == kWill) answer(kDont, byte, replies);
            if (verb_ == kDo) answer(kWont, byte, replies);
            return;
        case State::Subnegotiation:
            state_ = byte == kCommand ? State::SubCommand : State::Subnegotiation;
            return;
        case State::SubCommand:
            if (byte != kSubEnd) state_ = State::Subnegotiation;
    }
}

// --- Lines ---------------------------------------------------------------------------------------

void LineReader::add(std::string_view bytes) {
    buffer_.erase(0, begin_);
    begin_ = 0;
    buffer_.append(bytes);
}

void LineReader::drop() {
    if (skipping_) skip_refused();
    for (End end{}; (end = find_end(buffered(), 0)).bytes != 0; ++count_)
        begin_ += end.at + end.bytes;
    clear();
}

void LineReader::drop_unfinished() {
    const std::size_t end = buffered().find_last_of(kEnds);
    buffer_.resize(begin_ + (end == std::string_view::npos ? 0 : end + 1));
    searched_ = std::min(searched_, buffered().size());
}

void LineReader::clear() {
    if (buffer_.capacity() > kEmptyBufferBytesMax) buffer_ = {};
    buffer_.clear();
    begin_ = 0;
    searched_ = 0;
}

std::optional<LineReader::Line> LineReader::next() {
    if (skipping_) skip_refused();
    if (skipping_) return std::nullopt;
    const End end = find_end(buffered(), searched_);
    // One byte more is allowed while there is no end: it may be the CR of a line that just fits.
    if (end.at > kLineBytesMax + (end.bytes == 0 && !finished_ ? 1 : 0)) {
        skip_refused();
        ++count_;
        return Line{{}, true};
    }
    const bool is_last = finished_ && !buffered().empty();
    if (end.bytes != 0 || is_last) {
        ++count_;
        return Line{take(end.at, end.bytes), false};
    }
    searched_ = end.at;
    return std::nullopt;
}

// Throws away what there is of a refused line, with its end if that has come.
void LineReader::skip_refused() {
    const End end = find_end(buffered(), 0);
    skipping_ = end.bytes == 0;
    if (!skipping_) return (void)take(end.at, end.bytes);
    const bool end_may_follow = buffered().ends_with('\r');
    clear();
    if (end_may_follow) buffer_ = "\r";
}

std::string LineReader::take(std::size_t bytes, std::size_t end_bytes) {
    std::string line(buffered().substr(0, bytes));
    begin_ += bytes + end_bytes;
    searched_ = 0;
    if (buffered().empty()) clear();
    return line;
}

}  // namespace chatd
