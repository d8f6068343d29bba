// The command line of chat: what each option takes, what is refused and with which words.

#include "chat/options.h"

#include <criterion/criterion.h>

#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/settings.h"
#include "support/expect.h"

using chatd::ChatAnswer;
using chatd::ChatOptions;
using chatd::ColourWish;
using chatd::Language;
using chatd::parse_chat_options;
using chatd::ParsedChatOptions;

TestSuite(chat_options);

namespace {

using Words = std::vector<std::string>;

ParsedChatOptions parsed(Words words) {
    words.insert(words.begin(), "chat");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    return parse_chat_options(std::span(argv).first(words.size()), Language::English);
}

ChatOptions options(Words words) {
    const ParsedChatOptions result = parsed(std::move(words));
    if (const auto* const answer = std::get_if<ChatAnswer>(&result)) {
        throw std::runtime_error("refused: " + answer->text);
    }
    return std::get<ChatOptions>(result);
}

std::string answer(Words words) {
    const ParsedChatOptions result = parsed(std::move(words));
    const auto* const answer = std::get_if<ChatAnswer>(&result);
    return answer == nullptr ? std::string() : answer->text;
}

std::string server(const std::string& word) {
    const ChatOptions result = options({word});
    return result.host + " " + result.port;
}

}  // namespace

Test(chat_options, without_any_the_server_is_on_this_machine) {
    const ChatOptions none = options({});
    EXPECT_EQ(none.host, "localhost");
    EXPECT_EQ(none.port, "8888");
    EXPECT_EQ(none.name, "");
    EXPECT_FALSE(none.plain);
}

Test(chat_options, a_server_is_a_host_with_or_without_a_port) {
    EXPECT_EQ(server("example.org"), "example.org 8888");
    EXPECT_EQ(server("example.org:7000"), "example.org 7000");
    EXPECT_EQ(server("192.0.2.7:7000"), "192.0.2.7 7000");
    EXPECT_EQ(server("2001:db8::1"), "2001:db8::1 8888");
    EXPECT_EQ(server("[2001:db8::1]"), "2001:db8::1 8888");
    EXPECT_EQ(server("[2001:db8::1]:7000"), "2001:db8::1 7000");
}

Test(chat_options, what_is_no_server_is_refused) {
    for (const char* const word :
         {":7000", "host:", "host:0", "host:65536", "host:http", "[::1", "[::1]7000", "[]:1", ""}) {
        EXPECT_EQ(answer({word}),
                  "chat: " + std::string(word) + " is no HOST or HOST:PORT; see chat --help\n");
    }
    EXPECT_EQ(answer({"a", "b"}), "chat: only one server can be named; see chat --help\n");
}

Test(chat_options, each_option_is_taken) {
    const ChatOptions all = options({"--name", "小明", "--lang", "zh", "--plain", "--color",
                                     "always", "--log", "out.txt", "example.org"});
    EXPECT_EQ(all.name, "小明");
    EXPECT_TRUE(all.language == Language::Chinese);
    EXPECT_TRUE(all.plain);
    EXPECT_TRUE(all.colour == ColourWish::Always);
    EXPECT_EQ(all.log_path, "out.txt");
    EXPECT_EQ(all.host, "example.org");
    EXPECT_EQ(options({"example.org", "-n", "bob"}).name, "bob");
}

Test(chat_options, bad_values_are_refused) {
    EXPECT_EQ(answer({"--name", "a b"}),
              "chat: --name takes a name of letters and digits, at most 20; see chat --help\n");
    EXPECT_EQ(answer({"--lang", "de"}), "chat: --lang takes en or zh; see chat --help\n");
    EXPECT_EQ(answer({"--color", "red"}),
              "chat: --color takes auto, always or never; see chat --help\n");
    EXPECT_EQ(answer({"--log", ""}), "chat: --log takes the name of a file; see chat --help\n");
    EXPECT_EQ(answer({"--name"}), "chat: --name needs a value; see chat --help\n");
    EXPECT_EQ(answer({"--bad"}), "chat: --bad is no option; see chat --help\n");
}

Test(chat_options, help_and_version_are_no_complaints) {
    const ParsedChatOptions help = parsed({"--help"});
    EXPECT_FALSE(std::get<ChatAnswer>(help).is_complaint);
    EXPECT_CONTAINS(answer({"--help"}), "--name NAME");
    EXPECT_EQ(answer({"--version"}), std::string("chat ") + chatd::kVersion + "\n");
    EXPECT_TRUE(std::get<ChatAnswer>(parsed({"--bad"})).is_complaint);
}
