// Specification of parent/admission: who may come in, which addresses wait, and what is read by
// those that are turned away.
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
constexpr const char* kThere = "2001:db8:0:1::/64";
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
    admission.addresses().reserve(address, false);
    admission.addresses().entered(address, kNow);
}

// The address has to wait for kPenaltyMax.
void penalise(Admission& admission, const std::string& address) {
    enter(admission, address);
    admission.addresses().left(address, 10min, {}, kNow);
}

}  // namespace

Test(admission, a_client_comes_in_while_there_is_room) {
    Admission admission = admission_with({});
    EXPECT_TRUE(admission.turns_away(kHere, 0, 0, kNow) == std::nullopt);
    EXPECT_TRUE(admission.turns_away(kHere, kMost - 1, kMost - 1, kNow) == std::nullopt);
    EXPECT_TRUE(admission.turns_away(kHere, kMost, kMost, kNow) == TurnedAway::RoomFull);
}

Test(admission, asking_reserves_and_counts_nothing) {
    Admission admission = admission_with(at_most_per_address(1));
    for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(admission.turns_away(kHere, 0, 0, kNow) == std::nullopt);
    }
    EXPECT_EQ(admission.addresses().size(), 0U);
}

Test(admission, an_address_has_room_for_so_many_clients) {
    Admission admission = admission_with(at_most_per_address(1));
    enter(admission, kHere);
    EXPECT_TRUE(admission.turns_away(kHere, 1, 1, kNow) == TurnedAway::TooManyOfAddress);
    EXPECT_TRUE(admission.turns_away(kThere, 1, 1, kNow) == std::nullopt);
}

Test(admission, who_counts_for_no_address_yet_has_only_the_limits_of_all) {
    Options options = at_most_per_address(1);
    options.logins_max = 10;
    Admission admission = admission_with(options);
    EXPECT_TRUE(admission.turns_away("", 10, 0, kNow) == std::nullopt);
    EXPECT_TRUE(admission.turns_away("", 20, 0, kNow) == TurnedAway::TooManyLogins);
    EXPECT_TRUE(admission.turns_away("", kMost, kMost, kNow) == TurnedAway::RoomFull);
}

Test(admission, a_penalised_address_waits) {
    Admission admission = admission_with({});
    penalise(admission, kHere);
    EXPECT_TRUE(admission.turns_away(kHere, 0, 0, kNow) == TurnedAway::Penalised);
    EXPECT_TRUE(admission.turns_away(kHere, 0, 0, kNow + kPenaltyMax) == std::nullopt);
}

Test(admission, a_full_room_says_so_also_to_a_penalised_address) {
    Admission admission = admission_with({});
    penalise(admission, kHere);
    EXPECT_TRUE(admission.turns_away(kHere, kMost, kMost, kNow) == TurnedAway::RoomFull);
}

// By default the throttle begins at half of all clients, and turns everybody away at all of them.
Test(admission, only_clients_without_a_name_count_as_logins) {
    Options options;
    options.logins_max = 10;
    Admission admission = admission_with(options);
    EXPECT_TRUE(admission.turns_away(kHere, 20, 0, kNow) == TurnedAway::TooManyLogins);
    EXPECT_TRUE(admission.turns_away(kHere, 20, 10, kNow) == std::nullopt);
    Admission by_default = admission_with({});
    EXPECT_TRUE(by_default.turns_away(kHere, kMost / 2, 0, kNow) == std::nullopt);
}

Test(admission, a_broker_that_counts_too_many_members_turns_nobody_away) {
    Options options;
    options.logins_max = 1;
    Admission admission = admission_with(options);
    EXPECT_TRUE(admission.turns_away(kHere, 20, UINT64_MAX, kNow) == std::nullopt);
}

Test(admission, a_refused_client_reads_one_line_in_the_language_of_the_server) {
    Admission admission = admission_with(at_most_per_address(7));
    penalise(admission, kHere);
    const auto line = [&](TurnedAway why) { return admission.line_for(why); };
    for (const TurnedAway why :
         {TurnedAway::RoomFull, TurnedAway::OutOfResources, TurnedAway::TooManyLogins,
          TurnedAway::TooManyOfAddress, TurnedAway::Closing}) {
        EXPECT_EQ(line(why).find('\n'), line(why).size() - 1);
    }
    EXPECT_CONTAINS(line(TurnedAway::TooManyOfAddress), "7");
    EXPECT_CONTAINS(line(TurnedAway::Penalised), " 80 seconds");  // 16 wait, 5 s each
    EXPECT_EQ(admission.line_for_waiting(3),
              "Many connect from your address. Please stay: you are in within 15 seconds.\n");
    Options chinese;
    chinese.language = Language::Chinese;
    EXPECT_NE(admission_with(chinese).line_for(TurnedAway::RoomFull), line(TurnedAway::RoomFull));
}

// --- Addresses

namespace {

AddressLimits with_at_most(std::uint32_t per_address_max) {
    return {per_address_max, std::pmr::new_delete_resource()};
}

void enter(AddressLimits& addresses, const std::string& address, Moment now = kNow) {
    addresses.reserve(address, false);
    addresses.entered(address, now);
}

// A client enters, and leaves with this penalty.
void visit(AddressLimits& addresses, const std::string& address, std::chrono::seconds penalty,
           Moment now) {
    enter(addresses, address, now);
    addresses.left(address, penalty, {}, now);
}

// How many clients come in at once that leave at once, with this penalty.
int visits_at(AddressLimits& addresses, std::chrono::seconds penalty, Moment now) {
    int count = 0;
    for (; count < 1000 && !addresses.turns_away(kHere, now); ++count) {
        visit(addresses, kHere, penalty, now);
    }
    return count;
}

}  // namespace

Test(address_limits, each_address_has_room_for_so_many) {
    AddressLimits addresses = with_at_most(2);
    enter(addresses, kHere);
    EXPECT_TRUE(addresses.turns_away(kHere, kNow) == std::nullopt);
    enter(addresses, kHere);
    EXPECT_EQ(addresses.clients(kHere), 2U);
    EXPECT_TRUE(addresses.turns_away(kHere, kNow) == TurnedAway::TooManyOfAddress);
    EXPECT_TRUE(addresses.turns_away(kThere, kNow) == std::nullopt);
    addresses.left(kHere, 0s, {}, kNow);
    EXPECT_TRUE(addresses.turns_away(kHere, kNow) == std::nullopt);
}

Test(address_limits, a_school_comes_in_at_once_and_then_so_many_a_second) {
    AddressLimits addresses = with_at_most(0);
    EXPECT_EQ(visits_at(addresses, 0s, kNow), static_cast<int>(kConnectsAtOnce));
    EXPECT_TRUE(addresses.turns_away(kHere, kNow) == TurnedAway::Penalised);
    EXPECT_TRUE(addresses.turns_away(kThere, kNow) == std::nullopt);
    EXPECT_EQ(visits_at(addresses, 0s, kNow + 1s), static_cast<int>(kConnectsPerSecond));
}

Test(address_limits, without_a_limit_and_exempt_everybody_may_enter) {
    AddressLimits addresses = with_at_most(0);
    for (int i = 0; i < 100'000; ++i) {
        addresses.reserve(kHere, true);
        addresses.entered(kHere, kNow);
        EXPECT_TRUE(addresses.turns_away(kHere, kNow) == std::nullopt);
        addresses.left(kHere, kPenaltyForCrash, {}, kNow);
    }
}

Test(address_limits, an_address_without_clients_is_forgotten_once_it_has_rested) {
    AddressLimits addresses = with_at_most(2);
    enter(addresses, kHere);
    addresses.left(kHere, 0s, {}, kNow + 1s);
    EXPECT_EQ(addresses.size(), 0U);
}

// So that nobody gets a new budget by coming again.
Test(address_limits, the_spent_budget_of_an_address_is_remembered_until_it_has_rested) {
    AddressLimits addresses = with_at_most(0);
    enter(addresses, kHere);
    addresses.left(kHere, 0s, kNow + 5s, kNow + 1s);
    EXPECT_TRUE(addresses.spent(kHere) == kNow + 5s);
    EXPECT_TRUE(addresses.spent(kThere) == Moment());
    enter(addresses, kHere, kNow + 2s);
    addresses.left(kHere, 0s, kNow + 5s, kNow + 6s);
    EXPECT_EQ(addresses.size(), 0U);
}

Test(address_limits, two_crashes_are_no_reason_to_wait_and_three_are) {
    AddressLimits addresses = with_at_most(0);
    EXPECT_EQ(visits_at(addresses, kPenaltyForCrash, kNow), 3);
    EXPECT_TRUE(addresses.turns_away(kThere, kNow) == std::nullopt);
}

Test(address_limits, crashes_far_apart_do_not_add_up) {
    AddressLimits addresses = with_at_most(0);
    for (int i = 0; i < 100; ++i) {
        const Moment now = kNow + i * 11s;
        EXPECT_TRUE(addresses.turns_away(kHere, now) == std::nullopt);
        visit(addresses, kHere, kPenaltyForCrash, now);
    }
}

// A page can make its visitors send HTTP to the port: their neighbours get in all the same.
Test(address_limits, a_hundred_foreign_protocols_lock_nobody_out) {
    AddressLimits addresses = with_at_most(0);
    for (int i = 0; i < 120; ++i) enter(addresses, kHere);
    for (int i = 0; i < 120; ++i) addresses.left(kHere, kPenaltyForRefusal, {}, kNow);
    EXPECT_TRUE(addresses.turns_away(kHere, kNow) == std::nullopt);
}

Test(address_limits, who_leaves_without_a_name_again_and_again_has_to_wait) {
    AddressLimits addresses = with_at_most(0);
    EXPECT_EQ(visits_at(addresses, kPenaltyForHalfTry, kNow), 24);
    EXPECT_TRUE(addresses.next(kHere) > kNow);
    EXPECT_EQ(visits_at(addresses, kPenaltyForHalfTry, addresses.next(kHere)), 1);
}

Test(address_limits, a_penalty_makes_nobody_wait_longer_than_so_long_after_the_last_one_came_in) {
    AddressLimits addresses = with_at_most(0);
    for (int i = 0; i < 200; ++i) enter(addresses, kHere);
    for (int i = 0; i < 100; ++i) {
        addresses.left(kHere, kPenaltyForCrash, {}, kNow + i * 100ms);
        EXPECT_LE(addresses.next(kHere), std::max(kNow + kPenaltyMax, kNow + i * 100ms));
    }
}

// What was saved up is gone all the same.
Test(address_limits, clients_that_stay_long_and_leave_together_pay_too) {
    AddressLimits addresses = with_at_most(0);
    for (int i = 0; i < 200; ++i) enter(addresses, kHere);
    for (int i = 0; i < 200; ++i) addresses.left(kHere, kPenaltyForHalfTry, {}, kNow + 29s);
    EXPECT_EQ(visits_at(addresses, 0s, kNow + 29s), 1);
}

Test(address_limits, clients_still_count_when_the_address_has_rested) {
    AddressLimits addresses = with_at_most(1);
    enter(addresses, kHere);
    visit(addresses, kHere, kPenaltyForCrash, kNow);
    EXPECT_TRUE(addresses.turns_away(kHere, kNow) == TurnedAway::TooManyOfAddress);
    EXPECT_TRUE(addresses.turns_away(kHere, kNow + 1h) == TurnedAway::TooManyOfAddress);
}

Test(address_limits, an_address_that_was_reserved_for_nothing_can_be_forgotten) {
    AddressLimits addresses = with_at_most(1);
    addresses.reserve(kHere, false);
    addresses.forget(kHere, kNow);
    EXPECT_EQ(addresses.size(), 0U);
    enter(addresses, kHere);
    addresses.forget(kHere, kNow + 1h);
    EXPECT_EQ(addresses.clients(kHere), 1U);
}

Test(address_limits, clients_that_came_before_an_upgrade_do_not_count_as_connections) {
    AddressLimits addresses = with_at_most(0);
    for (int i = 0; i < 5000; ++i) enter(addresses, kHere, Moment());
    EXPECT_TRUE(addresses.turns_away(kHere, kNow) == std::nullopt);
}

Test(address_limits, a_flood_from_many_addresses_takes_bounded_memory) {
    AddressLimits addresses = with_at_most(0);
    for (std::size_t i = 0; i < 2 * kAddressesRememberedMax; ++i) {
        visit(addresses, "address " + std::to_string(i), kPenaltyForCrash, kNow);
    }
    EXPECT_EQ(addresses.size(), kAddressesRememberedMax);
}

Test(address_limits, the_addresses_of_a_flood_are_forgotten_after_it) {
    AddressLimits addresses = with_at_most(0);
    for (std::size_t i = 0; i < 2 * kAddressesRememberedMax; ++i) {
        visit(addresses, "address " + std::to_string(i), kPenaltyForCrash, kNow);
    }
    visit(addresses, kHere, kPenaltyForCrash, kNow + 1min);
    EXPECT_EQ(addresses.size(), 0U);
    visit(addresses, kHere, kPenaltyForCrash, kNow + 1min);
    EXPECT_EQ(addresses.size(), 1U);
}

Test(address_limits, addresses_that_wait_are_counted) {
    AddressLimits addresses = with_at_most(0);
    EXPECT_EQ(addresses.penalised(kNow), 0U);
    visit(addresses, kHere, kPenaltyForCrash, kNow);  // not enough yet
    EXPECT_EQ(addresses.penalised(kNow), 0U);
    visit(addresses, kHere, 1min, kNow);
    visit(addresses, kThere, 1min, kNow + 1s);
    EXPECT_EQ(addresses.penalised(kNow + 1s), 2U);
    EXPECT_EQ(addresses.penalised(kNow + kPenaltyMax), 1U);
    EXPECT_EQ(addresses.penalised(kNow + kPenaltyMax + 1s), 0U);
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
