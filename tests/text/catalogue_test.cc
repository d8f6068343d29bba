// Specification of text/catalogue: what clients read, how blanks are filled in, and which language
// an option or the environment asks for.

#include "text/catalogue.h"

#include <criterion/criterion.h>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/bounds.h"
#include "support/death.h"
#include "support/escape.h"
#include "support/expect.h"
#include "support/where.h"
#include "text/clean.h"
#include "text/width.h"

using chatd::append_text;
using chatd::columns_of;
using chatd::Language;
using chatd::language_named;
using chatd::language_of_environment;
using chatd::Text;
using chatd::text_of;
using chatd::test::aborts;
using chatd::test::escaped;

namespace {

constexpr Language kBoth[] = {Language::English, Language::Chinese};

std::string filled(Language language, Text text,
                   std::initializer_list<std::string_view> fillings = {}) {
    std::string out;
    append_text(out, language, text, fillings);
    return out;
}

void expect_texts(Text text, std::initializer_list<std::string_view> fillings,
                  std::string_view english, std::string_view chinese,
                  chatd::test::Where where = chatd::test::Where::here()) {
    const chatd::test::Caller caller(where);
    EXPECT_EQ(filled(Language::English, text, fillings), english);
    EXPECT_EQ(filled(Language::Chinese, text, fillings), chinese);
}

template <class Visit>
void for_each_text(Visit visit) {
    for (std::size_t number = 0; number < static_cast<std::size_t>(Text::kCount); ++number) {
        for (const Language language : kBoth) visit(static_cast<Text>(number), language);
    }
}

bool has_more_than_one_line(Text text) {
    return text == Text::Help || text == Text::PsDetails || text == Text::PsOwn ||
           text == Text::Welcome || text == Text::WelcomeAlone || text == Text::WelcomeCrowd;
}

}  // namespace

TestSuite(catalogue, .timeout = 20);

// --- The lines that everybody reads ---

Test(catalogue, the_prompt_asks_for_a_name) {
    expect_texts(Text::Prompt, {}, "Your name: ", "请输入用户名：");
}

Test(catalogue, somebody_enters) {
    expect_texts(Text::Entered, {"xxx"}, "xxx entered the chat room", "xxx 进入聊天室");
}

Test(catalogue, somebody_says_something) {
    expect_texts(Text::Says, {"xxx", "hello"}, "xxx says: hello", "xxx 说： hello");
}

Test(catalogue, somebody_leaves) {
    expect_texts(Text::Left, {"xxx"}, "xxx left the chat room", "xxx 退出了聊天室");
    expect_texts(Text::LeftWithWords, {"xxx", "bye"}, "xxx left the chat room: bye",
                 "xxx 退出了聊天室： bye");
    expect_texts(Text::LeftBecause, {"xxx", "why"}, "xxx left the chat room (why)",
                 "xxx 退出了聊天室（why）");
}

Test(catalogue, somebody_does_tells_and_is_renamed) {
    expect_texts(Text::Does, {"xxx", "waves"}, "* xxx waves", "* xxx waves");
    expect_texts(Text::TellsYou, {"xxx", "psst"}, "xxx tells you: psst", "xxx 悄悄对你说： psst");
    expect_texts(Text::IsNowCalled, {"xxx", "yyy"}, "xxx is now called yyy", "xxx 改名为 yyy");
}

Test(catalogue, each_language_has_its_own_order_of_words) {
    expect_texts(Text::WhoMatching, {"2", "9", "al"},
                 "Names that begin with al, 2 of 9:", "名字以 al 开头的，9 人中有 2 人：");
}

// --- The table ---

Test(catalogue, every_text_is_there_in_every_language) {
    for_each_text([](Text text, Language language) { EXPECT_NE(text_of(text, language), ""); });
}

Test(catalogue, every_text_is_clean_and_has_no_end_of_line) {
    for_each_text([](Text text, Language language) {
        std::string line(text_of(text, language));
        if (has_more_than_one_line(text)) std::erase(line, '\n');
        cr_expect(chatd::is_clean_text(line), "%s", escaped(line).c_str());
        EXPECT_NE(text_of(text, language).back(), '\n');
    });
}

Test(catalogue, every_text_fills_its_blanks) {
    for_each_text([](Text text, Language language) {
        const std::string line =
            filled(language, text, {"<one>", "<two>", "<three>", "<four>", "<five>", "<six>"});
        cr_expect(line.find_first_of("{}") == std::string::npos, "%s", escaped(line).c_str());
    });
}

Test(catalogue, no_hint_breaks_inside_a_word_at_80_columns) {
    for_each_text([](Text text, Language language) {
        const std::string lines =
            filled(language, text, {"alice", "10000", "carol", "5 min", "::1", "77"});
        for (std::string_view rest = lines; !rest.empty();) {
            const std::string_view line = rest.substr(0, rest.find('\n'));
            cr_expect(columns_of(line) <= chatd::kRowColumnsMax, "%s", escaped(line).c_str());
            rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        }
    });
}

Test(catalogue, the_help_names_every_command) {
    for (const Language language : kBoth) {
        for (const char* command : {"/who", "/me ", "/msg ", "/r ", "/nick ", "/history", "/time ",
                                    "/lang ", "/ps ", "/tree", "/quit", "//"}) {
            EXPECT_CONTAINS(text_of(Text::Help, language), command);
        }
    }
}

// --- Filling in ---

Test(catalogue, fillings_are_not_interpreted) {
    EXPECT_EQ(filled(Language::English, Text::Says, {"{1}", "{0} {1} {2} {x} { }"}),
              "{1} says: {0} {1} {2} {x} { }");
    EXPECT_EQ(filled(Language::English, Text::Says, {"%s", "%n%s\\0"}), "%s says: %n%s\\0");
}

Test(catalogue, a_filling_may_be_empty) {
    EXPECT_EQ(filled(Language::English, Text::Says, {"", ""}), " says: ");
}

Test(catalogue, a_text_is_appended) {
    std::string out = "[14:02] ";
    append_text(out, Language::English, Text::Entered, {"bob"});
    append_text(out, Language::Chinese, Text::Comma);
    EXPECT_EQ(out, "[14:02] bob entered the chat room、");
}

Test(catalogue, fillings_without_a_blank_are_ignored) {
    EXPECT_EQ(filled(Language::English, Text::NameEmpty, {"unused"}),
              text_of(Text::NameEmpty, Language::English));
}

Test(catalogue, a_blank_without_filling_is_a_bug_of_ours) {
    EXPECT_TRUE(aborts([] { (void)filled(Language::English, Text::Says, {"bob"}); }));
}

// --- Languages ---

Test(catalogue, two_languages_have_a_code) {
    EXPECT_EQ(language_named("en"), Language::English);
    EXPECT_EQ(language_named("zh"), Language::Chinese);
}

Test(catalogue, anything_else_is_no_language) {
    for (const std::string_view code : {"", "EN", "Zh", "en ", "eng", "zh_CN", "de", "中文"}) {
        cr_expect(language_named(code) == std::nullopt, "%s", escaped(code).c_str());
    }
}

Test(catalogue, an_environment_that_says_nothing_asks_for_English) {
    EXPECT_EQ(language_of_environment(nullptr, nullptr, nullptr), Language::English);
    EXPECT_EQ(language_of_environment("", "", ""), Language::English);
}

Test(catalogue, every_spelling_of_a_Chinese_locale_asks_for_Chinese) {
    for (const char* locale : {"zh", "zh_CN", "zh_CN.UTF-8", "zh_TW.UTF-8", "zh_HK.Big5",
                               "zh.UTF-8", "zh_CN@pinyin", "zh@pinyin"}) {
        cr_expect(language_of_environment(nullptr, nullptr, locale) == Language::Chinese, "%s",
                  locale);
    }
}

Test(catalogue, any_other_locale_asks_for_English) {
    for (const char* locale :
         {"en_US.UTF-8", "C", "C.UTF-8", "POSIX", "de_DE", "zha_CN", "zhongwen", "_zh", "ZH"}) {
        cr_expect(language_of_environment(nullptr, nullptr, locale) == Language::English, "%s",
                  locale);
    }
}

Test(catalogue, the_first_that_is_set_and_not_empty_decides) {
    constexpr auto kZh = "zh_CN.UTF-8";
    constexpr auto kEn = "en_US.UTF-8";
    EXPECT_EQ(language_of_environment(kZh, kEn, kEn), Language::Chinese);
    EXPECT_EQ(language_of_environment(kEn, kZh, kZh), Language::English);
    EXPECT_EQ(language_of_environment(nullptr, kZh, kEn), Language::Chinese);
    EXPECT_EQ(language_of_environment("", kZh, kEn), Language::Chinese);
    EXPECT_EQ(language_of_environment("", "", kZh), Language::Chinese);
    EXPECT_EQ(language_of_environment(nullptr, nullptr, kZh), Language::Chinese);
}

Test(catalogue, a_language_that_chatd_does_not_speak_still_decides) {
    EXPECT_EQ(language_of_environment("C", nullptr, "zh_CN.UTF-8"), Language::English);
    EXPECT_EQ(language_of_environment(nullptr, "de_DE", "zh_CN.UTF-8"), Language::English);
}
