// chat: the terminal client of chatd. At a terminal chat.cc has its loop: keys go through
// keys.cc and editor.cc to session.cc, which says what the server is sent; what the server tells
// goes through event.cc and session.cc to message_view.cc, and stands above the row that
// input_row.cc draws. In a pipe, pipe_mode.cc does the same without keys and row.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <span>
#include <string_view>

#include "chat/chat.h"
#include "chat/options.h"
#include "chat/pipe_mode.h"
#include "sys/fd.h"

namespace chatd {
namespace {

constexpr int kFailed = 1;
constexpr int kBadUsage = 2;

int print(const ChatAnswer& answer) {
    std::FILE* const stream = answer.is_complaint ? stderr : stdout;
    const bool printed = std::fputs(answer.text.c_str(), stream) >= 0 && std::fflush(stream) == 0;
    if (answer.is_complaint) return kBadUsage;
    return printed ? 0 : kFailed;
}

bool is_set(const char* variable) {
    const char* const value = std::getenv(variable);
    return value != nullptr && *value != '\0';
}

Paint paint_for(ColourWish wish) {
    if (wish == ColourWish::Always) return Paint::Colours;
    if (wish == ColourWish::Never || ::isatty(STDOUT_FILENO) == 0) return Paint::None;
    const char* const terminal = std::getenv("TERM");
    if (terminal == nullptr || terminal == std::string_view("dumb")) return Paint::None;
    return is_set("NO_COLOR") ? Paint::Attributes : Paint::Colours;
}

int run(int argc, char** argv) {
    open_standard_streams();
    const Language language = language_of_environment(
        std::getenv("LC_ALL"), std::getenv("LC_MESSAGES"), std::getenv("LANG"));
    const auto parsed =
        parse_chat_options(std::span(argv, static_cast<std::size_t>(argc)), language);
    if (const auto* const answer = std::get_if<ChatAnswer>(&parsed)) return print(*answer);
    const auto& options = std::get<ChatOptions>(parsed);
    ::tzset();
    const Paint paint = paint_for(options.colour);
    if (::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0) {
        return run_chat(options, paint);
    }
    if (options.name.empty()) {
        return print({"chat: without a terminal, --name has to tell the name\n", true});
    }
    return run_pipe(options, paint);
}

}  // namespace
}  // namespace chatd

int main(int argc, char** argv) {
    try {
        return chatd::run(argc, argv);
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "chat: %s\n", error.what());
        return chatd::kFailed;
    }
}
