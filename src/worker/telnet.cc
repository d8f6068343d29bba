#include "worker/telnet.h"

namespace chatd {
namespace {

enum : unsigned char {    // RFC 854
    kFirstCommand = 236,  // RFC 1184
    kSubEnd = 240,
    kSubBegin = 250,
    kWill = 251,
    kWont = 252,
    kDo = 253,
    kDont = 254,
    kCommand = 255,  // IAC
};

void answer(unsigned char verb, char option, std::string& replies) {
    replies += static_cast<char>(kCommand);
    replies += static_cast<char>(verb);
    replies += option;
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
            take(bytes.front(), text, replies);
            bytes.remove_prefix(1);
        }
    }
}

void TelnetFilter::take(char byte, std::string& text, std::string& replies) {
    const auto value = static_cast<unsigned char>(byte);
    switch (state_) {
        case State::Text:
        case State::Command: take_command(value, text); return;
        case State::Will:
            answer(kDont, byte, replies);
            state_ = State::Text;
            return;
        case State::Do:
            // Also of TIMING-MARK, which telnet sends after Ctrl-C: it throws all output away until
            // that is answered, and "won't" is an answer (RFC 860).
            answer(kWont, byte, replies);
            state_ = State::Text;
            return;
        case State::Skip: state_ = State::Text; return;
        case State::Subnegotiation:
            if (value == kCommand) state_ = State::SubCommand;
            return;
        case State::SubCommand:
            state_ = value == kSubEnd ? State::Text : State::Subnegotiation;
            return;
    }
}

void TelnetFilter::take_command(unsigned char command, std::string& text) {
    switch (command) {
        case kWill: state_ = State::Will; return;
        case kDo: state_ = State::Do; return;
        case kWont:
        case kDont:
            state_ = State::Skip;  // Agreed: that is how it is already.
            return;
        case kSubBegin: state_ = State::Subnegotiation; return;
        case kCommand:
            text += static_cast<char>(kCommand);  // IAC IAC: the byte itself
            state_ = State::Text;
            return;
        default:
            // Interrupt, break, are-you-there …: nothing to do. Below them there are no commands:
            // whoever sends that does not speak telnet but a text that is no UTF-8.
            if (command < kFirstCommand) {
                text += static_cast<char>(kCommand);
                text += static_cast<char>(command);
            }
            state_ = State::Text;
            return;
    }
}

}  // namespace chatd
