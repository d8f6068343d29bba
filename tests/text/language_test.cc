// Specification of text/language: which language an option or the environment asks for.

#include "text/language.h"

#include <criterion/criterion.h>

#include <optional>
#include <string_view>

#include "support/escape.h"
#include "support/expect.h"

using chatd::Language;
using chatd::language_named;
using chatd::language_of_environment;
using chatd::test::escaped;

TestSuite(language, .timeout = 20);

Test(language, two_languages_have_a_code) {
    EXPECT_EQ(language_named("en"), Language::English);
    EXPECT_EQ(language_named("zh"), Language::Chinese);
}

Test(language, anything_else_is_no_language) {
    for (const std::string_view code : {"", "EN", "Zh", "en ", "eng", "zh_CN", "de", "中文"}) {
        cr_expect(language_named(code) == std::nullopt, "%s", escaped(code).c_str());
    }
}

Test(language, an_environment_that_says_nothing_asks_for_English) {
    EXPECT_EQ(language_of_environment(nullptr, nullptr, nullptr), Language::English);
    EXPECT_EQ(language_of_environment("", "", ""), Language::English);
}

Test(language, every_spelling_of_a_Chinese_locale_asks_for_Chinese) {
    for (const char* locale : {"zh", "zh_CN", "zh_CN.UTF-8", "zh_TW.UTF-8", "zh_HK.Big5",
                               "zh.UTF-8", "zh_CN@pinyin", "zh@pinyin"}) {
        cr_expect(language_of_environment(nullptr, nullptr, locale) == Language::Chinese, "%s",
                  locale);
    }
}

Test(language, any_other_locale_asks_for_English) {
    for (const char* locale :
         {"en_US.UTF-8", "C", "C.UTF-8", "POSIX", "de_DE", "zha_CN", "zhongwen", "_zh", "ZH"}) {
        cr_expect(language_of_environment(nullptr, nullptr, locale) == Language::English, "%s",
                  locale);
    }
}

Test(language, the_first_that_is_set_and_not_empty_decides) {
    constexpr auto kZh = "zh_CN.UTF-8";
    constexpr auto kEn = "en_US.UTF-8";
    EXPECT_EQ(language_of_environment(kZh, kEn, kEn), Language::Chinese);
    EXPECT_EQ(language_of_environment(kEn, kZh, kZh), Language::English);
    EXPECT_EQ(language_of_environment(nullptr, kZh, kEn), Language::Chinese);
    EXPECT_EQ(language_of_environment("", kZh, kEn), Language::Chinese);
    EXPECT_EQ(language_of_environment("", "", kZh), Language::Chinese);
    EXPECT_EQ(language_of_environment(nullptr, nullptr, kZh), Language::Chinese);
}

Test(language, a_language_that_chatd_does_not_speak_still_decides) {
    EXPECT_EQ(language_of_environment("C", nullptr, "zh_CN.UTF-8"), Language::English);
    EXPECT_EQ(language_of_environment(nullptr, "de_DE", "zh_CN.UTF-8"), Language::English);
}
