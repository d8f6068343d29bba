// The command line of chat. One table, in the .cc file, has all options; chat.1 explains them. This
// file must never look whether a server or a file exists.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>

#include "text/catalogue.h"

namespace chatd {

enum class ColourWish : std::uint8_t { Auto, Always, Never };

struct ChatOptions {
    std::string host = "localhost";
    std::string port = "8888";
    std::string name;  // empty: ask for it
    Language language = Language::English;
    bool plain = false;
    ColourWish colour = ColourWish::Auto;
    std::string log_path;  // empty: what is shown is written nowhere else
};

// What to print instead of chatting: help, the version, or what is wrong with the command line.
struct ChatAnswer {
    std::string text;
    bool is_complaint = false;
};

using ParsedChatOptions = std::variant<ChatOptions, ChatAnswer>;

// argv: as main() gets it. language: the one to begin with when --lang names no other. The first
// word that is wrong or asks for help or version decides.
[[nodiscard]] ParsedChatOptions parse_chat_options(std::span<char*> argv, Language language);

// "host", "host:8888", "[2001:db8::1]:8888" and "2001:db8::1", which has no port, into the
// options' host and port. False: it is none of these.
[[nodiscard]] bool take_server(ChatOptions& options, const std::string& word);

}  // namespace chatd
