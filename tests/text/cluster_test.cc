// Specification of text/cluster: what a person takes for one character.
#include "text/cluster.h"

#include <criterion/criterion.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/expect.h"
#include "support/random.h"
#include "support/where.h"

using chatd::cluster_columns;
using chatd::next_cluster;
using chatd::previous_cluster;
using chatd::test::Where;

TestSuite(cluster, .timeout = 20);

namespace {

using Clusters = std::vector<std::string>;

Clusters forwards(std::string_view text) {
    Clusters clusters;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = next_cluster(text, at);
        clusters.emplace_back(text.substr(at, end - at));
        at = end;
    }
    return clusters;
}

Clusters backwards(std::string_view text) {
    Clusters clusters;
    for (std::size_t at = text.size(); at > 0;) {
        const std::size_t begin = previous_cluster(text, at);
        clusters.emplace(clusters.begin(), text.substr(begin, at - begin));
        at = begin;
    }
    return clusters;
}

// The text of these clusters is taken apart into them, from both ends.
void expect_clusters(const Clusters& clusters, Where where = Where::here()) {
    const chatd::test::Caller caller(where);
    std::string text;
    for (const std::string& cluster : clusters) text += cluster;
    EXPECT_EQ(forwards(text), clusters);
    EXPECT_EQ(backwards(text), clusters);
}

}  // namespace

Test(cluster, a_letter_is_one) {
    expect_clusters({});
    expect_clusters({"a", " ", "é", "你", "好", "。", "한", "😀", "❤"});
}

Test(cluster, a_letter_has_its_marks) {
    expect_clusters({"e\u0301\u0323", "x", "か\u3099", "ก\u0E34\u0E48", "1\u20DD"});
    expect_clusters({"क\u093F", "க\u0BBE"});  // beside the letter
    expect_clusters({"\u0301", "a"});         // a mark that nothing carries
}

Test(cluster, a_joiner_makes_one_picture_of_several) {
    expect_clusters({"👨\u200D👩\u200D👧\u200D👦", "a"});
    expect_clusters({"👩🏽\u200D❤\uFE0F\u200D💋\u200D👨🏻"});
    expect_clusters({"🏳\uFE0F\u200D🌈", "🏴\u200D☠\uFE0F", "🤷🏽\u200D♀\uFE0F"});
    expect_clusters({"👨", "👩"});
    expect_clusters({"a\u200D", "👩"});  // there is no picture to join
    expect_clusters({"👩\u200D", "a"});
}

Test(cluster, a_picture_has_its_skin_tone_and_its_selector) {
    expect_clusters({"👍🏽", "👍", "❤\uFE0F", "❤\uFE0E"});
    expect_clusters({"1\uFE0F\u20E3", "#\uFE0F\u20E3", "2"});
}

Test(cluster, a_flag_is_a_pair_of_letters) {
    expect_clusters({"🇨🇳", "🇺🇸", "🇨"});
    expect_clusters({"a", "🇨🇳", "🇺", "b"});
    expect_clusters({"🇨\u200D", "🇳"});
    expect_clusters({"🇨🇳\u200D", "🇺🇸"});
}

Test(cluster, a_Hangul_syllable_in_letters_is_one) {
    expect_clusters({"\u1112\u1161\u11AB", "\u1100\u1173\u11AF", "글"});
    expect_clusters({"\u1100\u1100\u1161", "\u1100각", "각", "\u1100"});
}

Test(cluster, what_takes_no_column_belongs_to_what_stands_before_it) {
    expect_clusters({"a\u200B", "b\u2060\uFEFF", "c"});
    expect_clusters({"a", "\u00AD", "\u3164"});  // these are drawn
}

Test(cluster, an_ill_formed_piece_is_one) {
    expect_clusters({"\xFF", "a", "\xE4\xBD", "z", "\x80", "\x80"});
    expect_clusters({"\x80", "\x80", "好"});
    expect_clusters({"\xE4\xBD\u0301", "a"});
}

Test(cluster, the_end_is_the_end_of_none) {
    EXPECT_EQ(next_cluster("", 0), 0);
    EXPECT_EQ(next_cluster("ab", 2), 2);
    EXPECT_EQ(next_cluster("ab", 5), 2);
    EXPECT_EQ(previous_cluster("ab", 0), 0);
}

Test(cluster, from_inside_of_a_cluster_its_beginning_is_found) {
    const std::string text = "a👨\u200D👩b";
    for (std::size_t at = 2; at <= text.size() - 1; ++at) {
        EXPECT_EQ(previous_cluster(text, at), 1);
    }
}

Test(cluster, both_directions_agree) {
    const std::vector<std::string> pieces = {"a",  "你",     "\u0301", "\u200D", "👩",      "🏽",
                                             "❤",  "\uFE0F", "🇨",      "🇳",      "\u1100", "\u1161",
                                             "각", "\xE4",   "\x80",   " "};
    chatd::test::Random random(1);
    for (int round = 0; round < 3000; ++round) {
        std::string text;
        for (std::size_t count = random.below(12); count > 0; --count) text += random.pick(pieces);
        EXPECT_EQ(backwards(text), forwards(text));
    }
}

Test(cluster, a_long_line_takes_linear_time) {
    std::string text;
    for (int count = 0; count < 100'000; ++count) text += "각";
    std::size_t clusters = 0;
    for (std::size_t at = text.size(); at > 0; at = previous_cluster(text, at)) ++clusters;
    EXPECT_EQ(clusters, 100'000);
}

// --- Columns

Test(cluster, its_columns_are_those_of_its_parts) {
    EXPECT_EQ(cluster_columns(""), 0);
    EXPECT_EQ(cluster_columns("a"), 1);
    EXPECT_EQ(cluster_columns("e\u0301"), 1);
    EXPECT_EQ(cluster_columns("你"), 2);
    EXPECT_EQ(cluster_columns("👨\u200D👩\u200D👧"), 6);
    EXPECT_EQ(cluster_columns("👍🏽"), 4);
    EXPECT_EQ(cluster_columns("🇨🇳"), 2);
}

Test(cluster, what_some_terminals_draw_as_a_picture_takes_two) {
    EXPECT_EQ(cluster_columns("❤\uFE0F"), 2);
    EXPECT_EQ(cluster_columns("1\uFE0F\u20E3"), 2);
    EXPECT_EQ(cluster_columns("🇨"), 2);
    EXPECT_EQ(cluster_columns("❤"), 1);
}
