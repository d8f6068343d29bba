#include "load/contender.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <stdexcept>

namespace chatd::test {
namespace {

constexpr char kMark = '#';
constexpr std::size_t kDigits = 8;
constexpr std::size_t kIrcTextBytesMax = 400;
constexpr std::size_t kNumberedBytes = 2 * (1 + kDigits);

std::string name_of(std::uint32_t number) {
    return "m" + std::to_string(number);
}

std::vector<Step> enter_chatd(std::uint32_t number) {
    return {{{}, name_of(number) + '\n'}, {"Welcome, ", {}}};  // who waits is asked for a name
}

// In steps, because a command before the welcome is refused or forgotten.
std::vector<Step> enter_irc(std::uint32_t number) {
    const std::string name = name_of(number);
    return {{{}, "NICK " + name + "\r\nUSER " + name + " 0 * :" + name + "\r\n"},
            {" 001 ", "JOIN #room\r\n"},
            {" 366 ", {}}};
}

std::vector<Step> enter_ncat(std::uint32_t) {
    return {{"<announce> already connected:", {}}};
}

std::vector<Step> enter_relay(std::uint32_t number) {
    return {{{}, name_of(number) + '\n'}, {"in\n", {}}};
}

std::vector<Step> enter_floor(std::uint32_t) {
    return {{"in\n", {}}};
}

std::string say_line(std::string_view text) {
    return std::string(text) + '\n';
}

std::string say_irc(std::string_view text) {
    return "PRIVMSG #room :" + std::string(text) + "\r\n";
}

constexpr std::array kContenders = {
    Contender{"chatd", false, true, true, SIZE_MAX, enter_chatd, say_line},
    Contender{"relay", true, true, true, SIZE_MAX, enter_relay, say_line},
    Contender{"floor", true, true, false, SIZE_MAX, enter_floor, say_line},
    Contender{"ngircd", false, false, false, kIrcTextBytesMax, enter_irc, say_irc},
    Contender{"inspircd", false, true, false, kIrcTextBytesMax, enter_irc, say_irc},
    Contender{"ncat", false, true, false, SIZE_MAX, enter_ncat, say_line},
};

std::optional<std::uint32_t> digits_at(std::string_view text, std::size_t at) {
    std::uint32_t number = 0;
    const char* const begin = text.data() + at;
    const auto [end, error] = std::from_chars(begin, begin + kDigits, number);
    if (error != std::errc() || end != begin + kDigits) return std::nullopt;
    return number;
}

}  // namespace

std::optional<Contender> contender_named(std::string_view name) {
    for (const Contender& contender : kContenders) {
        if (contender.name == name) return contender;
    }
    return std::nullopt;
}

std::string numbered_text(std::uint32_t sender, std::uint32_t number, std::size_t bytes) {
    char numbers[kNumberedBytes + 1];
    (void)std::snprintf(numbers, sizeof numbers, "%c%08u%c%08u", kMark, sender, kMark, number);
    std::string text(numbers);
    if (bytes < text.size()) throw std::invalid_argument("too short for its numbers");
    text.resize(bytes, 'x');
    return text;
}

std::optional<Numbers> numbers_in(std::string_view line) {
    // The last two marks count, because the name of a channel begins with one too.
    const std::size_t second = line.rfind(kMark);
    if (second == std::string_view::npos || second < kDigits + 1) return std::nullopt;
    const std::size_t first = second - kDigits - 1;
    if (line[first] != kMark || line.size() < second + 1 + kDigits) return std::nullopt;
    const auto sender = digits_at(line, first + 1);
    const auto number = digits_at(line, second + 1);
    if (!sender || !number) return std::nullopt;
    return Numbers{*sender, *number};
}

}  // namespace chatd::test
