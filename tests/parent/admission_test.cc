// Specification of parent/admission: who may come in, and what the others read.
#include "parent/admission.h"

#include <criterion/criterion.h>

#include <string>

#include "base/bounds.h"
#include "support/expect.h"

using namespace chatd;
using namespace std::chrono_literals;

TestSuite(admission, .timeout = 20);

namespace {

constexpr Moment kNow = Moment(1000s);
constexpr const char* kHere = "192.0.2.7";
constexpr const char* kThere = "192.0.2.8";
constexpr std::uint32_t kMost = 100;

Options at_most_per_address(std::uint32_t per_address_max) {
    Options options;
    options.per_address_max = per_address_max;
    return options;
}

Admission admission_with(const Options& options) {
    return {options, kMost, std::pmr::new_delete_resource(), 1};
}

void enter(Admission& admission, const std::string& address) {
    admission.addresses().reserve(address);
    admission.addresses().entered(address);
}

void penalise(Admission& admission, const std::string& address) {
    enter(admission, address);
    admission.addresses().left(address, kPenaltyMin, kNow);
}

}  // namespace

Test(admission, a_client_comes_in_while_there_is_room) {
    Admission admission = admission_with({});
    EXPECT_TRUE(admission.refusal(kHere, 0, 0, kNow) == std::nullopt);
    EXPECT_TRUE(admission.refusal(kHere, kMost - 1, kMost - 1, kNow) == std::nullopt);
    EXPECT_TRUE(admission.refusal(kHere, kMost, kMost, kNow) == TurnedAway::RoomFull);
}

Test(admission, asking_reserves_and_counts_nothing) {
    Admission admission = admission_with(at_most_per_address(1));
    for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(admission.refusal(kHere, 0, 0, kNow) == std::nullopt);
    }
    EXPECT_EQ(admission.addresses().size(), 0U);
}

Test(admission, an_address_has_room_for_so_many_clients) {
    Admission admission = admission_with(at_most_per_address(1));
    enter(admission, kHere);
    EXPECT_TRUE(admission.refusal(kHere, 1, 1, kNow) == TurnedAway::TooManyOfAddress);
    EXPECT_TRUE(admission.refusal(kThere, 1, 1, kNow) == std::nullopt);
}

Test(admission, a_penalised_address_waits) {
    Admission admission = admission_with({});
    penalise(admission, kHere);
    EXPECT_TRUE(admission.refusal(kHere, 0, 0, kNow) == TurnedAway::Penalised);
    EXPECT_TRUE(admission.refusal(kHere, 0, 0, kNow + kPenaltyMin) == std::nullopt);
}

Test(admission, a_full_room_says_so_also_to_a_penalised_address) {
    Admission admission = admission_with({});
    penalise(admission, kHere);
    EXPECT_TRUE(admission.refusal(kHere, kMost, kMost, kNow) == TurnedAway::RoomFull);
}

// By default the throttle begins at half of all clients, and turns everybody away at all of them.
Test(admission, only_clients_without_a_name_count_as_logins) {
    Options options;
    options.logins_max = 10;
    Admission admission = admission_with(options);
    EXPECT_TRUE(admission.refusal(kHere, 20, 0, kNow) == TurnedAway::TooManyLogins);
    EXPECT_TRUE(admission.refusal(kHere, 20, 10, kNow) == std::nullopt);
    Admission by_default = admission_with({});
    EXPECT_TRUE(by_default.refusal(kHere, kMost / 2, 0, kNow) == std::nullopt);
}

Test(admission, a_broker_that_counts_too_many_members_turns_nobody_away) {
    Options options;
    options.logins_max = 1;
    Admission admission = admission_with(options);
    EXPECT_TRUE(admission.refusal(kHere, 20, UINT64_MAX, kNow) == std::nullopt);
}

Test(admission, a_refused_client_reads_one_line_in_the_language_of_the_server) {
    Admission admission = admission_with(at_most_per_address(7));
    penalise(admission, kHere);
    const auto line = [&](TurnedAway why) { return admission.refusal_line(why, kHere, kNow); };
    for (const TurnedAway why : {TurnedAway::RoomFull, TurnedAway::OutOfResources,
                                 TurnedAway::TooManyLogins, TurnedAway::TooManyOfAddress}) {
        EXPECT_EQ(line(why).find('\n'), line(why).size() - 1);
    }
    EXPECT_CONTAINS(line(TurnedAway::TooManyOfAddress), "7");
    EXPECT_CONTAINS(line(TurnedAway::Penalised), "15");  // seconds
    Options chinese;
    chinese.language = Language::Chinese;
    EXPECT_NE(admission_with(chinese).refusal_line(TurnedAway::RoomFull, kHere, kNow),
              line(TurnedAway::RoomFull));
}

// --- The login throttle

TestSuite(login_throttle, .timeout = 20);

namespace {

int turned_away_of_1000(std::uint64_t logins) {
    LoginThrottle throttle(100, 1);
    int count = 0;
    for (int i = 0; i < 1000; ++i) count += throttle.turns_away(logins) ? 1 : 0;
    return count;
}

}  // namespace

Test(login_throttle, turns_away_nobody_up_to_the_limit) {
    EXPECT_EQ(turned_away_of_1000(0), 0);
    EXPECT_EQ(turned_away_of_1000(100), 0);
}

Test(login_throttle, turns_away_more_newcomers_the_more_logins_there_are) {
    const int few = turned_away_of_1000(110);
    const int half = turned_away_of_1000(150);
    const int most = turned_away_of_1000(190);
    EXPECT_TRUE(few > 50 && few < 150);
    EXPECT_TRUE(half > 400 && half < 600);
    EXPECT_TRUE(most > 850 && most < 950);
}

Test(login_throttle, turns_away_everybody_at_twice_the_limit) {
    EXPECT_EQ(turned_away_of_1000(200), 1000);
    EXPECT_EQ(turned_away_of_1000(UINT64_MAX), 1000);
}

Test(login_throttle, without_a_limit_turns_away_nobody) {
    LoginThrottle throttle(0, 1);
    EXPECT_FALSE(throttle.turns_away(UINT64_MAX));
}
