#include "worker/telnet.h"

#include <utility>

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

}  // namespace

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

}  // namespace chatd
