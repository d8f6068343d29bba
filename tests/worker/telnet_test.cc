// Specification of worker/telnet: what a telnet client sends besides its user's text, and how it is
// answered.

#include "worker/telnet.h"

#include <criterion/criterion.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "support/escape.h"
#include "support/expect.h"
#include "support/where.h"

using chatd::TelnetFilter;
using chatd::test::escaped;

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

TestSuite(telnet, .timeout = 20);

Test(telnet, text_without_commands_passes_untouched) {
    expect_filtered("", {"", ""});
    expect_filtered("hello 你好\r\n", {"hello 你好\r\n", ""});
    std::string all_but_iac;
    for (int byte = 0; byte < 255; ++byte) all_but_iac += static_cast<char>(byte);
    expect_filtered(all_but_iac, {all_but_iac, ""});
}

Test(telnet, IAC_IAC_is_the_byte_itself) {
    expect_filtered("a" + kIac + kIac + "b", {"a\xFF"
                                              "b",
                                              ""});
    expect_filtered(kIac + kIac + kIac + kIac, {"\xFF\xFF", ""});
}

Test(telnet, an_offer_is_declined) {
    expect_filtered(kIac + kWill + kWindowSize, {"", kIac + kDont + kWindowSize});
}

Test(telnet, a_demand_is_declined) {
    expect_filtered(kIac + kDo + kEcho, {"", kIac + kWont + kEcho});
}

Test(telnet, every_option_is_declined) {
    for (int value = 0; value < 256; ++value) {
        const std::string option(1, static_cast<char>(value));
        EXPECT_EQ(filter(kIac + kWill + option + "x").replies, kIac + kDont + option);
        EXPECT_EQ(filter(kIac + kDo + option + "x").replies, kIac + kWont + option);
        EXPECT_EQ(filter(kIac + kDo + option + "x").text, "x");
    }
}

Test(telnet, a_refusal_is_not_answered) {
    expect_filtered(kIac + kWont + kEcho + "a" + kIac + kDont + kEcho + "b", {"ab", ""});
}

Test(telnet, several_offers_are_answered_in_order) {
    expect_filtered("a" + kIac + kDo + kEcho + "b" + kIac + kWill + kWindowSize + "c",
                    {"abc", kIac + kWont + kEcho + kIac + kDont + kWindowSize});
}

Test(telnet, CTRL_C_is_answered_so_that_the_client_shows_output_again) {
    EXPECT_EQ(kCtrlC, "\xFF\xF4\xFF\xFD\x06");
    expect_filtered("half a li" + kCtrlC + "ne\r\n", {"half a line\r\n", "\xFF\xFC\x06"});
}

Test(telnet, a_command_without_option_is_taken_out) {
    for (int command = 236; command < 250; ++command) {
        expect_filtered("a" + kIac + static_cast<char>(command) + "b", {"ab", ""});
    }
}

// Latin-1 has a letter there, and so has Windows-1251.
Test(telnet, a_byte_255_that_begins_no_command_is_text) {
    for (int byte = 0; byte < 236; ++byte) {
        const std::string text = "a" + kIac + static_cast<char>(byte) + "b";
        expect_filtered(text, {text, ""});
    }
    expect_filtered(kIac + "\n", {kIac + "\n", ""});
}

Test(telnet, a_subnegotiation_is_swallowed) {
    expect_filtered("a" + kIac + kSubBegin + "\x18\x01xterm\r\n" + kIac + kSubEnd + "b",
                    {"ab", ""});
}

Test(telnet, a_subnegotiation_may_hold_the_byte_255_and_commands) {
    expect_filtered(
        "a" + kIac + kSubBegin + "x" + kIac + kIac + kSubEnd + "y" + kIac + kSubEnd + "b",
        {"ab", ""});
    expect_filtered("a" + kIac + kSubBegin + kIac + kDo + kEcho + kIac + kSubEnd + "b", {"ab", ""});
}

Test(telnet, every_split_gives_the_same) {
    expect_filtered("one" + kCtrlC + "\r\n" + kIac + kWill + kIac + kIac + kIac + kIac + kSubBegin +
                        kIac + kIac + kSubEnd + kIac + kSubEnd + "two" + kIac + kDont + kEcho,
                    {"one\r\n\xFFtwo", kIac + kWont + kTimingMark + kIac + kDont + kIac});
}

Test(telnet, two_filters_do_not_answer_each_other_for_ever) {
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

Test(telnet, no_answer_is_longer_than_what_it_answers) {
    std::string demands;
    for (int count = 0; count < 10000; ++count) demands += kIac + kDo + kEcho;
    EXPECT_EQ(filter(demands).replies.size(), demands.size());
}
