// Specification of the tables of the benchmark (scripts/bench-table.awk).
#include <criterion/criterion.h>

#include <string>
#include <string_view>

#include "support/command.h"
#include "support/expect.h"

using namespace chatd::test;

TestSuite(table_of_bench, .timeout = 20);

namespace {

// What the script makes of lines of contender, clients, figure and value.
std::string table_of(std::string_view figures) {
    const Command::Result made = Command::run({"awk", "-f", "scripts/bench-table.awk"}, figures);
    ASSERT_EQ(made.status, 0);
    return made.out;
}

// The lines of the table that begin with these words.
std::string rows_of(std::string_view figures, const std::string& beginning) {
    std::string rows;
    std::string table = '\n' + table_of(figures);
    for (std::size_t at = 0; (at = table.find("\n| " + beginning, at)) != std::string::npos;) {
        const std::size_t end = table.find('\n', ++at);
        rows += table.substr(at, end - at + 1);
    }
    return rows;
}

}  // namespace

Test(table_of_bench, has_the_median_and_the_spread_of_all_rounds) {
    EXPECT_EQ(rows_of("relay 10 last-client-ms 3\nrelay 10 last-client-ms 1\n"
                      "relay 10 last-client-ms 20\n",
                      "last-client-ms"),
              "| last-client-ms | 3 (1–20) |\n");
}

Test(table_of_bench, of_an_even_number_of_rounds_takes_the_middle) {
    EXPECT_EQ(rows_of("relay 10 last-client-ms 3\nrelay 10 last-client-ms 1\n", "last-client-ms"),
              "| last-client-ms | 2 (1–3) |\n");
}

Test(table_of_bench, shows_no_spread_of_one_round) {
    EXPECT_EQ(rows_of("relay 10 deliveries-per-s 1234567\n", "deliveries-per-s"),
              "| deliveries-per-s | 1.23M |\n");
}

// The second round was twice as slow for both.
Test(table_of_bench, compares_with_relay_round_by_round) {
    EXPECT_EQ(rows_of("chatd 10 deliveries-per-s 80\nrelay 10 deliveries-per-s 100\n"
                      "chatd 10 deliveries-per-s 40\nrelay 10 deliveries-per-s 50\n"
                      "chatd 10 deliveries-per-s 60\nrelay 10 deliveries-per-s 200\n",
                      "deliveries-per-s"),
              "| deliveries-per-s | 60 (40–80), 0.80x | 100 (50–200) |\n");
}

Test(table_of_bench, compares_nothing_when_relay_was_not_measured) {
    EXPECT_EQ(rows_of("chatd 10 deliveries-per-s 80\n", "deliveries-per-s"),
              "| deliveries-per-s | 80 |\n");
}

Test(table_of_bench, compares_no_shares) {
    EXPECT_EQ(rows_of("chatd 10 others-cpu-percent 2\nrelay 10 others-cpu-percent 1\n",
                      "others-cpu-percent"),
              "| others-cpu-percent | 2 | 1 |\n");
}

Test(table_of_bench, has_a_table_for_each_number_of_clients) {
    const std::string figures =
        "chatd 10 deliveries-per-s 80\nfloor 10 deliveries-per-s 400\n"
        "chatd 100 deliveries-per-s 90\nchatd 100 stalled-part 1\n";
    EXPECT_EQ(rows_of(figures, "deliveries-per-s"),
              "| deliveries-per-s | 80 | 400 |\n| deliveries-per-s | 90 | – |\n");
    EXPECT_EQ(rows_of(figures, "stalled-part"), "| stalled-part | 1 | – |\n");
}

Test(table_of_bench, says_who_did_not_finish) {
    const std::string table = table_of("chatd 10 deliveries-per-s 80\nngircd 10 failed 1\n");
    EXPECT_CONTAINS(table, "| 10 clients | chatd | ngircd (did not finish) |\n");
}

Test(table_of_bench, sums_up_how_near_chatd_is_to_relay) {
    const std::string figures =
        "chatd 100 logins-all-at-once-per-s 20\nchatd 100 memory-kib 150\n"
        "chatd 100 logins-32-per-s 30\nchatd 100 last-client-ms 12\n"
        "chatd 100 deliveries-per-s 80\nchatd 100 broker-bound-per-s 5000000\n"
        "relay 100 logins-all-at-once-per-s 40\nrelay 100 memory-kib 60\n"
        "relay 100 logins-32-per-s 40\nrelay 100 last-client-ms 10\nrelay 100 deliveries-per-s "
        "100\n"
        "ngircd 100 deliveries-per-s 20\ninspircd+ack 100 deliveries-per-s 40\n";
    EXPECT_EQ(rows_of(figures, "100 |"),
              "| 100 | 0.80 | 1.20 | 0.50 | 0.75 | +90 KiB | 2.00 (inspircd+ack) | 5.00M |\n");
}

Test(table_of_bench, sums_up_what_was_measured) {
    EXPECT_EQ(rows_of("chatd 100 memory-kib 150\n", "100 |"),
              "| 100 | – | – | – | – | – | – | – |\n");
}

Test(table_of_bench, leaves_out_what_was_not_measured) {
    const std::string figures = "chatd 10 failed 1\nrelay 10 memory-kib 70\n";
    EXPECT_EQ(rows_of(figures, "memory-kib"), "| memory-kib | – | 70 |\n");
}

Test(table_of_bench, says_how_much_else_ran) {
    const std::string quiet =
        table_of("chatd 10 others-cpu-percent 2\nrelay 10 others-cpu-percent 4\n");
    EXPECT_CONTAINS(quiet, "Others took up to 4 % of the processors");
    EXPECT_LACKS(quiet, "do not quote");
    const std::string noisy =
        table_of("chatd 10 others-cpu-percent 2\nchatd 10 others-cpu-percent 30\n");
    EXPECT_CONTAINS(noisy, "up to 30 % of the processors");
    EXPECT_CONTAINS(noisy, "do not quote");
}
