// Specification of worker/input: what a telnet client sends besides its user's text, how it is
// answered, and how lines are made out of bytes that come in any pieces.

#include "worker/input.h"

#include <criterion/criterion.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bounds.h"
#include "support/escape.h"
#include "support/expect.h"
#include "support/where.h"
#include "text/edit.h"
#include "worker/telnet.h"

using chatd::edited;
using chatd::kLineBytesMax;
using chatd::LineReader;
using chatd::TelnetFilter;
using chatd::test::escaped;
using chatd::test::shown;
using namespace std::string_literals;

TestSuite(input, .timeout = 20);

// --- Telnet --------------------------------------------------------------------------------------

namespace {

// The bytes of RFC 854.
const std::string kIac = "\xFF";
const std::string kDont = "\xFE";
const std::string kDo = "\xFD";
const std::string kWont = "\xFC";
const std::string kWill = "\xFB";
const std::string kSubBegin = "\xFA";
const std::string kSubEnd = "\xF0";
const std::string kInterrupt = "\xF4";
const std::string kTimingMark = "\x06";  // RFC 860
const std::string kEcho = "\x01";
const std::string kWindowSize = "\x1F";

const std::string kCtrlC = kIac + kInterrupt + kIac + kDo + kTimingMark;

struct Filtered {
    std::string text;
    std::string replies;

    bool operator==(const Filtered&) const = default;
};

Filtered filter(std::string_view bytes) {
    TelnetFilter filter;
    Filtered result;
    filter.filter(bytes, result.text, result.replies);
    return result;
}

Filtered filter_in_two(std::string_view bytes, std::size_t at) {
    TelnetFilter filter;
    Filtered result;
    filter.filter(bytes.substr(0, at), result.text, result.replies);
    filter.filter(bytes.substr(at), result.text, result.replies);
    return result;
}

Filtered filter_byte_by_byte(std::string_view bytes) {
    TelnetFilter filter;
    Filtered result;
    for (const char& byte : bytes) filter.filter({&byte, 1}, result.text, result.replies);
    return result;
}

void expect_filtered(std::string_view bytes, const Filtered& expected,
                     chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    const Filtered result = filter(bytes);
    cr_expect(result == expected, "%s: text %s, replies %s", escaped(bytes).c_str(),
              escaped(result.text).c_str(), escaped(result.replies).c_str());
    cr_expect(filter_byte_by_byte(bytes) == expected, "%s byte by byte", escaped(bytes).c_str());
    for (std::size_t at = 0; at <= bytes.size(); ++at) {
        cr_expect(filter_in_two(bytes, at) == expected, "%s cut at %zu", escaped(bytes).c_str(),
                  at);
    }
}

}  // namespace

Test(input, text_without_commands_passes_untouched) {
    expect_filtered("", {"", ""});
    expect_filtered("hello 你好\r\n", {"hello 你好\r\n", ""});
    std::string all_but_iac;
    for (int byte = 0; byte < 255; ++byte) all_but_iac += static_cast<char>(byte);
    expect_filtered(all_but_iac, {all_but_iac, ""});
}

Test(input, IAC_IAC_is_the_byte_itself) {
    expect_filtered("a" + kIac + kIac + "b", {"a\xFF"
                                              "b",
                                              ""});
    expect_filtered(kIac + kIac + kIac + kIac, {"\xFF\xFF", ""});
}

Test(input, an_offer_is_declined) {
    expect_filtered(kIac + kWill + kWindowSize, {"", kIac + kDont + kWindowSize});
}

Test(input, a_demand_is_declined) {
    expect_filtered(kIac + kDo + kEcho, {"", kIac + kWont + kEcho});
}

Test(input, every_option_is_declined) {
    for (int value = 0; value < 256; ++value) {
        const std::string option(1, static_cast<char>(value));
        EXPECT_EQ(filter(kIac + kWill + option + "x").replies, kIac + kDont + option);
        EXPECT_EQ(filter(kIac + kDo + option + "x").replies, kIac + kWont + option);
        EXPECT_EQ(filter(kIac + kDo + option + "x").text, "x");
    }
}

Test(input, a_refusal_is_not_answered) {
    expect_filtered(kIac + kWont + kEcho + "a" + kIac + kDont + kEcho + "b", {"ab", ""});
}

Test(input, several_offers_are_answered_in_order) {
    expect_filtered("a" + kIac + kDo + kEcho + "b" + kIac + kWill + kWindowSize + "c",
                    {"abc", kIac + kWont + kEcho + kIac + kDont + kWindowSize});
}

Test(input, CTRL_C_is_answered_so_that_the_client_shows_output_again) {
    EXPECT_EQ(kCtrlC, "\xFF\xF4\xFF\xFD\x06");
    expect_filtered("half a li" + kCtrlC + "ne\r\n", {"half a line\r\n", "\xFF\xFC\x06"});
}

Test(input, a_command_without_option_is_taken_out) {
    for (int command = 236; command < 250; ++command) {
        if (command == 247 || command == 248) continue;  // They erase.
        expect_filtered("a" + kIac + static_cast<char>(command) + "b", {"ab", ""});
    }
}

// Latin-1 has a letter there, and so has Windows-1251.
Test(input, a_byte_255_that_begins_no_command_is_text) {
    for (int byte = 0; byte < 236; ++byte) {
        const std::string text = "a" + kIac + static_cast<char>(byte) + "b";
        expect_filtered(text, {text, ""});
    }
    expect_filtered(kIac + "\n", {kIac + "\n", ""});
}

Test(input, a_subnegotiation_is_swallowed) {
    expect_filtered("a" + kIac + kSubBegin + "\x18\x01xterm\r\n" + kIac + kSubEnd + "b",
                    {"ab", ""});
}

Test(input, a_subnegotiation_may_hold_the_byte_255_and_commands) {
    expect_filtered(
        "a" + kIac + kSubBegin + "x" + kIac + kIac + kSubEnd + "y" + kIac + kSubEnd + "b",
        {"ab", ""});
    expect_filtered("a" + kIac + kSubBegin + kIac + kDo + kEcho + kIac + kSubEnd + "b", {"ab", ""});
}

Test(input, every_split_gives_the_same) {
    expect_filtered("one" + kCtrlC + "\r\n" + kIac + kWill + kIac + kIac + kIac + kIac + kSubBegin +
                        kIac + kIac + kSubEnd + kIac + kSubEnd + "two" + kIac + kDont + kEcho,
                    {"one\r\n\xFFtwo", kIac + kWont + kTimingMark + kIac + kDont + kIac});
}

Test(input, two_filters_do_not_answer_each_other_for_ever) {
    for (int verb = 0; verb < 256; ++verb) {
        for (int option = 0; option < 256; ++option) {
            const std::string said = kIac + static_cast<char>(verb) + static_cast<char>(option);
            const std::string answer = filter(said).replies;
            const Filtered heard = filter(answer);
            cr_expect(heard == Filtered{}, "%s is answered %s, and that %s", escaped(said).c_str(),
                      escaped(answer).c_str(), escaped(heard.replies).c_str());
        }
    }
}

Test(input, no_answer_is_longer_than_what_it_answers) {
    std::string demands;
    for (int count = 0; count < 10000; ++count) demands += kIac + kDo + kEcho;
    EXPECT_EQ(filter(demands).replies.size(), demands.size());
}

// --- Lines ---------------------------------------------------------------------------------------

namespace {

// The lines in their order; nothing stands for one that was refused.
using Lines = std::vector<std::optional<std::string>>;

const std::string kLf = "\n";
const std::string kCrLf = "\r\n";
const std::string kCrNul = "\r\0"s;
const std::string kEnds[] = {kLf, kCrLf, kCrNul};

void take_all(LineReader& reader, Lines& lines) {
    while (const auto line = reader.next()) {
        if (line->too_long) {
            EXPECT_EQ(line->text, "");
            lines.emplace_back();
        } else {
            lines.emplace_back(line->text);
        }
    }
}

// The lines of a stream that arrives in pieces of at most `piece_bytes`.
Lines read_in_pieces(std::string_view stream, std::size_t piece_bytes,
                     chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    LineReader reader;
    Lines lines;
    while (!stream.empty()) {
        const std::string_view piece = stream.substr(0, piece_bytes);
        reader.add(piece);
        take_all(reader, lines);
        stream.remove_prefix(piece.size());
    }
    reader.finish();
    take_all(reader, lines);
    return lines;
}

Lines read_in_two(std::string_view stream, std::size_t at,
                  chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    LineReader reader;
    Lines lines;
    reader.add(stream.substr(0, at));
    take_all(reader, lines);
    reader.add(stream.substr(at));
    take_all(reader, lines);
    reader.finish();
    take_all(reader, lines);
    return lines;
}

void expect_lines(std::string_view stream, const Lines& expected,
                  chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    EXPECT_EQ(read_in_pieces(stream, stream.size() + 1), expected);
}

// Whole, byte by byte, and cut once at every byte from `first_cut` on.
void expect_lines_in_any_pieces(std::string_view stream, const Lines& expected,
                                std::size_t first_cut = 0,
                                chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    expect_lines(stream, expected);
    EXPECT_EQ(read_in_pieces(stream, 1), expected);
    for (std::size_t at = first_cut; at <= stream.size(); ++at) {
        const Lines lines = read_in_two(stream, at);
        if (lines != expected) cr_expect(false, "cut at %zu: %s", at, shown(lines).c_str());
    }
}

// Up to here, one cut in a long line is like any other.
constexpr std::size_t kDullBytes = 3800;

std::string long_line(std::size_t bytes) {
    return std::string(bytes, 'x');
}

}  // namespace

// --- Ends ---

Test(input, LF_ends_a_line) {
    expect_lines("one\ntwo\n", {"one", "two"});
}

Test(input, CR_LF_ends_a_line) {
    expect_lines("one\r\ntwo\r\n", {"one", "two"});
}

Test(input, CR_NUL_ends_a_line) {
    expect_lines("one\r\0two\r\0"s, {"one", "two"});
}

Test(input, the_kinds_of_end_may_be_mixed) {
    expect_lines("one\ntwo\r\nthree\r\0four\n"s, {"one", "two", "three", "four"});
}

Test(input, an_empty_line_is_a_line) {
    expect_lines("\n\n", {"", ""});
    expect_lines("\r\n\r\0\n"s, {"", "", ""});
}

Test(input, CR_or_NUL_alone_belong_to_the_line) {
    expect_lines("a\rb\0c\n"s, {"a\rb\0c"s});
    expect_lines("\0\n"s, {"\0"s});
}

Test(input, only_the_last_CR_belongs_to_the_end) {
    expect_lines("a\r\r\n", {"a\r"});
    expect_lines("a\r\r\0"s, {"a\r"});
}

Test(input, any_other_byte_is_kept) {
    std::string every;
    for (int byte = 1; byte < 256; ++byte) {
        if (byte != '\n') every += static_cast<char>(byte);
    }
    expect_lines(every + '\n', {every});
}

// --- Pieces ---

Test(input, a_line_waits_for_its_end) {
    LineReader reader;
    reader.add("hel");
    EXPECT_FALSE(reader.next().has_value());
    reader.add("lo\r");
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_EQ(reader.buffered_bytes(), 6);
    reader.add("\n");
    EXPECT_EQ(reader.next()->text, "hello");
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_EQ(reader.buffered_bytes(), 0);
}

Test(input, a_line_split_at_any_byte_arrives_whole) {
    expect_lines_in_any_pieces("one\ntwo\r\nthree\r\0\n\r\n\r\0a\rb\0c\r\r\nyou 你\nlast"s,
                               {"one", "two", "three", "", "", "", "a\rb\0c\r"s, "you 你", "last"});
}

Test(input, many_lines_in_one_piece_come_one_by_one) {
    std::string stream;
    for (int count = 0; count < 1000; ++count) stream += std::to_string(count) + '\n';
    LineReader reader;
    reader.add(stream);
    for (int count = 0; count < 1000; ++count) {
        EXPECT_EQ(reader.next()->text, std::to_string(count));
    }
    EXPECT_FALSE(reader.next().has_value());
}

// --- The end of all ---

Test(input, what_is_left_at_the_end_is_a_line) {
    expect_lines("one\ntwo", {"one", "two"});
}

Test(input, nothing_is_left_after_a_last_line_with_an_end) {
    expect_lines("one\n", {"one"});
    expect_lines("", {});
}

Test(input, what_is_left_at_the_end_comes_once) {
    LineReader reader;
    reader.add("last");
    reader.finish();
    EXPECT_EQ(reader.next()->text, "last");
    EXPECT_FALSE(reader.next().has_value());
}

Test(input, what_is_dropped_is_gone) {
    LineReader reader;
    reader.add("one\ntwo\nthr");
    EXPECT_EQ(reader.next()->text, "one");
    reader.drop();
    EXPECT_EQ(reader.buffered_bytes(), 0);
    reader.finish();
    EXPECT_FALSE(reader.next().has_value());
}

Test(input, lines_are_counted_whether_read_refused_or_dropped) {
    LineReader reader;
    reader.add("one\n\r\nthree\nfour\r\nfi");
    EXPECT_EQ(reader.next()->text, "one");
    EXPECT_EQ(reader.next()->text, "");
    EXPECT_EQ(reader.count(), 2);
    reader.drop();
    EXPECT_EQ(reader.count(), 4);
    reader.add("ve\n" + long_line(5000));
    EXPECT_EQ(reader.next()->text, "ve");
    EXPECT_TRUE(reader.next()->too_long);
    EXPECT_EQ(reader.count(), 6);
    reader.add("the rest of it\nseven\n");
    reader.drop();
    EXPECT_EQ(reader.count(), 7);
}

// --- Lines that are too long ---

Test(input, a_line_of_4096_bytes_fits) {
    EXPECT_EQ(kLineBytesMax, 4096);
    const std::string line = long_line(4096);
    for (const std::string& end : kEnds) {
        expect_lines_in_any_pieces(line + end + "after\n", {line, "after"}, kDullBytes);
    }
    expect_lines_in_any_pieces(line, {line});
}

Test(input, a_line_of_4097_bytes_is_refused_once) {
    const std::string line = long_line(4097);
    for (const std::string& end : kEnds) {
        expect_lines_in_any_pieces(line + end + "after\n", {std::nullopt, "after"}, kDullBytes);
    }
    expect_lines_in_any_pieces(line, {std::nullopt});
}

Test(input, a_line_that_is_refused_is_refused_before_its_end_comes) {
    LineReader reader;
    reader.add(long_line(4098));
    const auto refused = reader.next();
    ASSERT_TRUE(refused.has_value());
    EXPECT_TRUE(refused->too_long);
    EXPECT_FALSE(reader.next().has_value());
}

Test(input, the_rest_of_a_refused_line_is_swallowed_in_any_pieces) {
    for (const std::string& end : kEnds) {
        const std::string stream = long_line(10000) + end + "after" + end;
        for (const std::size_t piece_bytes : {1U, 2U, 7U, 4096U, 4097U, 10000U, 10001U, 20000U}) {
            const Lines lines = read_in_pieces(stream, piece_bytes);
            EXPECT_EQ(lines, (Lines{std::nullopt, "after"}));
        }
        for (std::size_t at = 9990; at <= stream.size(); ++at) {
            EXPECT_EQ(read_in_two(stream, at), (Lines{std::nullopt, "after"}));
        }
    }
}

Test(input, CR_or_NUL_alone_do_not_end_what_is_swallowed) {
    const std::string stream = long_line(5000) + "\r"s + long_line(10) + "\0"s + "x\r\r\nafter\n";
    for (const std::size_t piece_bytes : {1U, 5000U, 5001U, 20000U}) {
        EXPECT_EQ(read_in_pieces(stream, piece_bytes), (Lines{std::nullopt, "after"}));
    }
}

Test(input, each_line_that_is_too_long_is_refused) {
    const std::string stream = long_line(5000) + "\n" + long_line(5000) + "\r\n\nx\n" +
                               long_line(4097) + "\r\0"s + long_line(9000);
    for (const std::size_t piece_bytes : {1U, 100U, 5001U, 40000U}) {
        EXPECT_EQ(read_in_pieces(stream, piece_bytes),
                  (Lines{std::nullopt, std::nullopt, "", "x", std::nullopt, std::nullopt}));
    }
}

Test(input, a_refused_line_without_end_leaves_nothing) {
    LineReader reader;
    reader.add(long_line(5000) + '\r');
    EXPECT_TRUE(reader.next()->too_long);
    reader.finish();
    EXPECT_FALSE(reader.next().has_value());
}

Test(input, the_rest_of_a_refused_line_takes_no_memory) {
    const std::string piece = long_line(16 * 1024);
    LineReader reader;
    int refused = 0;
    std::size_t buffered_bytes_max = 0;
    for (std::size_t bytes = 0; bytes < 10'000'000; bytes += piece.size()) {
        reader.add(piece);
        while (const auto line = reader.next()) refused += line->too_long ? 1 : 0;
        buffered_bytes_max = std::max(buffered_bytes_max, reader.buffered_bytes());
    }
    EXPECT_EQ(refused, 1);
    EXPECT_LE(buffered_bytes_max, 1);
    reader.add("\nafter\n");
    EXPECT_EQ(reader.next()->text, "after");
}

Test(input, a_line_that_may_still_fit_is_all_that_is_buffered) {
    LineReader reader;
    std::size_t buffered_bytes_max = 0;
    for (int count = 0; count < 20000; ++count) {
        reader.add("x");
        while (reader.next()) continue;
        buffered_bytes_max = std::max(buffered_bytes_max, reader.buffered_bytes());
    }
    EXPECT_LE(buffered_bytes_max, kLineBytesMax + 1);
}

Test(input, keys_of_telnet_that_erase_do_so) {
    EXPECT_EQ(edited(filter("helo" + kIac + "\xF7" + "lo").text), "hello");
    EXPECT_EQ(edited(filter("secret" + kIac + "\xF8" + "hello").text), "hello");
}
