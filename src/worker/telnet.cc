#include "worker/telnet.h"

namespace chatd {
namespace {

constexpr unsigned char kFirstCommand = 236;  // RFC 1184; the others: RFC 854
constexpr unsigned char kSubEnd = 240;
constexpr unsigned char kSubBegin = 250;
constexpr unsigned char kWill = 251;
constexpr unsigned char kWont = 252;
constexpr unsigned char kDo = 253;
constexpr unsigned char kDont = 254;
constexpr unsigned char kCommand = 255;  // IAC

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
    switch (state_) {
        case State::Text:
        case State::Command: return take_command(byte, text);
        case State::Option:
            // WON'T and DON'T need no answer, because the option is off already.
            if (verb_ == kWill) answer(kDont, byte, replies);
            if (verb_ == kDo) answer(kWont, byte, replies);
            state_ = State::Text;
            return;
        case State::Subnegotiation:
            if (byte == kCommand) state_ = State::SubCommand;
            return;
        case State::SubCommand:
            state_ = byte == kSubEnd ? State::Text : State::Subnegotiation;
            return;
    }
}

void TelnetFilter::take_command(unsigned char command, std::string& text) {
    state_ = State::Text;
    switch (command) {
        case kWill:
        case kWont:
        case kDo:
        case kDont:
            verb_ = command;
            state_ = State::Option;
            return;
        case kSubBegin: state_ = State::Subnegotiation; return;
        default:
            // Interrupt, break, are-you-there …: there is nothing to do. IAC IAC is the byte
            // itself. Numbers below the first command are no commands: a client that sends one does
            // not speak telnet but sends text that is not UTF-8.
            if (command == kCommand || command < kFirstCommand) text += static_cast<char>(kCommand);
            if (command < kFirstCommand) text += static_cast<char>(command);
    }
}

}  // namespace chatd
