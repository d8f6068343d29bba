// Specification of the oracle of the chaos run: what is clean, and which violations it sees.
#include "chaos/oracle.h"

#include <criterion/criterion.h>

#include <string>
#include <vector>

#include "support/expect.h"

using namespace chatd::test;

TestSuite(oracle, .timeout = 10);

namespace {

// Alice (0), bob (1) and the scribe are in the room. What they read is right, unless a test changes
// it.
class Story {
  public:
    Story() {
        alice = oracle.enters("alice");
        bob = oracle.enters("bob");
        oracle.told("alice entered the chat room");
        oracle.told("bob entered the chat room");
        oracle.saw(alice, "bob entered the chat room");
    }

    std::string says(std::uint64_t person, const char* name) {
        oracle.sends(person);
        std::string line = name + std::string(" says: ") + numbered(person, ++sent_[person]);
        oracle.told(line);
        return line;
    }

    // Alice says something, and bob reads it.
    void a_line() { oracle.saw(bob, says(alice, "alice")); }

    // The first violation; "" when there is none.
    std::string verdict() {
        oracle.finish();
        return oracle.violations().empty() ? "" : oracle.violations().front();
    }

    Oracle oracle{2};
    std::uint64_t alice = 0;
    std::uint64_t bob = 0;

  private:
    std::uint64_t sent_[8] = {};
};

}  // namespace

Test(oracle, is_content_when_everybody_reads_everything_once_in_order) {
    Story story;
    for (int i = 0; i < 5; ++i) story.a_line();
    story.oracle.saw(story.alice, story.says(story.bob, "bob"));
    story.oracle.will(story.bob, Fate::Quits);
    story.oracle.told("bob left the chat room: bye");
    story.oracle.saw(story.alice, "bob left the chat room: bye");
    story.oracle.closed(story.bob);
    EXPECT_EQ(story.verdict(), "");
    EXPECT_EQ(story.oracle.checked(), 8);
}

Test(oracle, waits_for_the_scribe_who_may_read_later_than_others) {
    Story story;
    story.oracle.sends(story.alice);
    story.oracle.saw(story.bob, "alice says: #0 !1");
    story.oracle.told("alice says: #0 !1");
    EXPECT_EQ(story.verdict(), "");
}

Test(oracle, sees_a_line_that_somebody_missed) {
    Story story;
    (void)story.says(story.alice, "alice");
    story.a_line();
    EXPECT_CONTAINS(story.verdict(),
                    "bob read: alice says: #0 !2\n  instead of: alice says: #0 !1");
}

Test(oracle, sees_a_line_that_somebody_missed_at_the_end) {
    Story story;
    story.a_line();
    (void)story.says(story.alice, "alice");
    EXPECT_EQ(story.verdict(), "bob never read: alice says: #0 !2");
}

Test(oracle, sees_a_line_that_somebody_read_twice) {
    Story story;
    const std::string line = story.says(story.alice, "alice");
    story.oracle.saw(story.bob, line);
    story.oracle.saw(story.bob, line);
    EXPECT_EQ(story.verdict(), "bob read what is not in the order: " + line);
}

Test(oracle, sees_two_lines_that_somebody_read_in_another_order) {
    Story story;
    const std::string first = story.says(story.alice, "alice");
    story.oracle.saw(story.bob, story.says(story.alice, "alice"));
    story.oracle.saw(story.bob, first);
    EXPECT_CONTAINS(story.verdict(), "bob read: ");
}

Test(oracle, sees_a_message_that_nobody_heard) {
    Story story;
    story.oracle.sends(story.alice);
    EXPECT_EQ(story.verdict(), "alice sent 1 messages, and 0 were heard");
}

Test(oracle, sees_a_message_that_everybody_heard_twice) {
    Story story;
    story.a_line();
    story.oracle.told("alice says: #0 !1");
    story.oracle.saw(story.bob, "alice says: #0 !1");
    EXPECT_EQ(story.verdict(), "after number 1 came: alice says: #0 !1");
}

Test(oracle, sees_a_hole_in_what_everybody_heard) {
    Story story;
    story.oracle.sends(story.alice);
    story.oracle.sends(story.alice);
    story.oracle.told("alice says: #0 !2");
    EXPECT_EQ(story.verdict(), "after number 0 came: alice says: #0 !2");
}

Test(oracle, sees_a_message_under_another_name) {
    Story story;
    story.oracle.sends(story.alice);
    story.oracle.told("bob says: #0 !1");
    EXPECT_EQ(story.verdict(), "not said by who is shown: bob says: #0 !1");
}

Test(oracle, lets_those_who_are_killed_lose_what_was_under_way_but_nothing_in_between) {
    Story story;
    story.a_line();
    story.oracle.sends(story.alice);  // under way
    story.oracle.will(story.alice, Fate::IsKilled);
    story.oracle.closed(story.alice);
    story.oracle.told("alice left the chat room (killed by signal 9)");
    story.oracle.saw(story.bob, "alice left the chat room (killed by signal 9)");
    EXPECT_EQ(story.verdict(), "");
}

Test(oracle, sees_a_leave_that_is_not_true) {
    Story story;
    story.oracle.told("bob left the chat room");
    EXPECT_EQ(story.verdict(), "not true: bob left the chat room, who stays");
}

Test(oracle, sees_a_leave_with_another_reason) {
    Story story;
    story.oracle.will(story.bob, Fate::IsKilled);
    story.oracle.closed(story.bob);
    story.oracle.told("bob left the chat room (connection lost)");
    EXPECT_EQ(story.verdict(), "not true: bob left the chat room (connection lost), who is killed");
}

Test(oracle, does_not_mind_an_abuser_who_goes_at_the_very_end) {
    Story story;
    story.a_line();
    story.oracle.saw(story.bob, "abuser1x1 left the chat room");
    EXPECT_EQ(story.verdict(), "");
}

Test(oracle, sees_a_leave_that_never_came) {
    Story story;
    story.oracle.will(story.bob, Fate::Quits);
    story.oracle.closed(story.bob);
    EXPECT_EQ(story.verdict(), "bob is still there");
}

Test(oracle, sees_somebody_come_or_leave_twice_and_nobody_come) {
    Story story;
    story.oracle.told("alice entered the chat room");
    EXPECT_EQ(story.verdict(), "came in twice: alice entered the chat room");
    Story leaves;
    leaves.oracle.will(leaves.bob, Fate::Quits);
    leaves.oracle.told("bob left the chat room");
    leaves.oracle.told("bob left the chat room");
    EXPECT_EQ(leaves.verdict(), "is not in the room: bob left the chat room");
    Story nobody;
    nobody.oracle.told("eve entered the chat room");
    EXPECT_EQ(nobody.verdict(), "nobody is called so: eve entered the chat room");
}

Test(oracle, sees_a_newcomer_who_never_gets_in) {
    Story story;
    (void)story.oracle.enters("carol");
    EXPECT_EQ(story.verdict(), "carol never read: that it came in");
}

// --- What a newcomer is shown

namespace {

// Carol comes after three messages and should be shown the last two. `shown` is what she is shown.
std::string verdict_on(const std::vector<std::string>& shown) {
    Story story;
    for (int i = 0; i < 3; ++i) story.a_line();
    const std::uint64_t carol = story.oracle.enters("carol");
    story.oracle.told("carol entered the chat room");
    story.oracle.saw(story.alice, "carol entered the chat room");
    story.oracle.saw(story.bob, "carol entered the chat room");
    for (const std::string& line : shown) story.oracle.saw(carol, "[14:02] " + line);
    const std::string line = story.says(story.alice, "alice");
    story.oracle.saw(story.bob, line);
    story.oracle.saw(carol, line);
    return story.verdict();
}

}  // namespace

Test(oracle, is_content_when_a_newcomer_is_shown_the_last_messages) {
    EXPECT_EQ(verdict_on({"alice says: #0 !2", "alice says: #0 !3"}), "");
}

Test(oracle, sees_a_replay_that_is_cut_off_doubled_or_too_long) {
    EXPECT_CONTAINS(verdict_on({}), "carol was shown 0 of the past");
    EXPECT_CONTAINS(verdict_on({"alice says: #0 !2"}), "carol was shown 1 of the past");
    EXPECT_CONTAINS(verdict_on({"alice says: #0 !2", "alice says: #0 !2"}), "carol was shown 2");
    EXPECT_CONTAINS(verdict_on({"alice says: #0 !1", "alice says: #0 !2", "alice says: #0 !3"}),
                    "too much");
}
