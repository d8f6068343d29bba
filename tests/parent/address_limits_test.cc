// Specification of parent/address_limits: how many of each address, and who has to wait.
#include "parent/address_limits.h"

#include <criterion/criterion.h>

#include <string>

#include "base/bounds.h"
#include "support/expect.h"

using namespace chatd;
using namespace std::chrono_literals;
using Answer = AddressLimits::Answer;

namespace {

constexpr Moment kBegin = Moment(1000s);
constexpr const char* kHere = "192.0.2.7";
constexpr const char* kThere = "2001:db8:0:1::/64";

AddressLimits with_at_most(std::uint32_t per_address_max) {
    return {per_address_max, std::pmr::new_delete_resource()};
}

void come(AddressLimits& addresses, const std::string& address) {
    addresses.expect(address);
    addresses.came(address);
}

// Comes and ends so.
void visit(AddressLimits& addresses, const std::string& address, std::chrono::seconds penalty,
           Moment now) {
    come(addresses, address);
    addresses.went(address, penalty, now);
}

}  // namespace

Test(addresses, each_source_has_room_for_so_many) {
    AddressLimits addresses = with_at_most(2);
    come(addresses, kHere);
    EXPECT_TRUE(addresses.asks(kHere, kBegin) == Answer::Yes);
    come(addresses, kHere);
    EXPECT_TRUE(addresses.asks(kHere, kBegin) == Answer::TooMany);
    EXPECT_TRUE(addresses.asks(kThere, kBegin) == Answer::Yes);
    addresses.went(kHere, 0s, kBegin);
    EXPECT_TRUE(addresses.asks(kHere, kBegin) == Answer::Yes);
}

Test(addresses, without_a_limit_as_many_as_come) {
    AddressLimits addresses = with_at_most(0);
    for (int i = 0; i < 100'000; ++i) come(addresses, kHere);
    EXPECT_TRUE(addresses.asks(kHere, kBegin) == Answer::Yes);
}

Test(addresses, who_leaves_as_people_do_is_forgotten) {
    AddressLimits addresses = with_at_most(2);
    visit(addresses, kHere, 0s, kBegin);
    EXPECT_EQ(addresses.size(), 0U);
}

Test(addresses, one_mishap_is_no_reason_to_wait) {
    AddressLimits addresses = with_at_most(0);
    visit(addresses, kHere, kPenaltyForCrash, kBegin);
    EXPECT_TRUE(addresses.asks(kHere, kBegin) == Answer::Yes);
}

Test(addresses, two_crashes_in_a_row_are) {
    AddressLimits addresses = with_at_most(0);
    visit(addresses, kHere, kPenaltyForCrash, kBegin);
    visit(addresses, kHere, kPenaltyForCrash, kBegin);
    EXPECT_TRUE(addresses.asks(kHere, kBegin) == Answer::Penalised);
    EXPECT_TRUE(addresses.waits(kHere, kBegin) == 2 * kPenaltyForCrash);
    EXPECT_TRUE(addresses.waits(kHere, kBegin + 500ms) == 2 * kPenaltyForCrash);
    EXPECT_TRUE(addresses.asks(kThere, kBegin) == Answer::Yes);
}

Test(addresses, a_penalty_once_due_counts_to_its_end) {
    AddressLimits addresses = with_at_most(0);
    visit(addresses, kHere, kPenaltyForCrash, kBegin);
    visit(addresses, kHere, kPenaltyForCrash, kBegin);
    EXPECT_TRUE(addresses.asks(kHere, kBegin + 20s - 1ms) == Answer::Penalised);
    EXPECT_TRUE(addresses.asks(kHere, kBegin + 20s) == Answer::Yes);
    // And the next mishap is the first again.
    visit(addresses, kHere, kPenaltyForCrash, kBegin + 20s);
    EXPECT_TRUE(addresses.asks(kHere, kBegin + 20s) == Answer::Yes);
}

Test(addresses, mishaps_far_apart_do_not_add_up) {
    AddressLimits addresses = with_at_most(0);
    for (int i = 0; i < 100; ++i) {
        visit(addresses, kHere, kPenaltyForCrash, kBegin + i * kPenaltyForCrash);
        EXPECT_TRUE(addresses.asks(kHere, kBegin + i * kPenaltyForCrash) == Answer::Yes);
    }
}

Test(addresses, nobody_waits_longer_than_the_longest) {
    AddressLimits addresses = with_at_most(0);
    for (int i = 0; i < 1000; ++i) visit(addresses, kHere, kPenaltyForCrash, kBegin);
    EXPECT_TRUE(addresses.waits(kHere, kBegin) == kPenaltyMax);
}

Test(addresses, who_is_here_stays_known_when_the_penalty_is_over) {
    AddressLimits addresses = with_at_most(1);
    come(addresses, kHere);
    visit(addresses, kHere, kPenaltyForCrash, kBegin);
    EXPECT_TRUE(addresses.asks(kHere, kBegin + 1h) == Answer::TooMany);
}

Test(addresses, a_flood_from_everywhere_takes_bounded_memory) {
    AddressLimits addresses = with_at_most(0);
    for (std::size_t i = 0; i < 2 * kAddressesRememberedMax; ++i) {
        visit(addresses, "address " + std::to_string(i), kPenaltyForCrash, kBegin);
    }
    EXPECT_EQ(addresses.size(), kAddressesRememberedMax);
}

Test(addresses, when_the_flood_is_over_it_is_forgotten) {
    AddressLimits addresses = with_at_most(0);
    for (std::size_t i = 0; i < 2 * kAddressesRememberedMax; ++i) {
        visit(addresses, "address " + std::to_string(i), kPenaltyForCrash, kBegin);
    }
    visit(addresses, kHere, kPenaltyForCrash, kBegin + kPenaltyMax);
    EXPECT_EQ(addresses.size(), 0U);
    visit(addresses, kHere, kPenaltyForCrash, kBegin + kPenaltyMax);
    EXPECT_EQ(addresses.size(), 1U);
}

Test(addresses, who_was_expected_and_does_not_come_takes_no_room) {
    AddressLimits addresses = with_at_most(1);
    addresses.expect(kHere);
    EXPECT_TRUE(addresses.asks(kHere, kBegin) == Answer::Yes);
    visit(addresses, kHere, 0s, kBegin);
    EXPECT_EQ(addresses.size(), 0U);
}

Test(addresses, those_who_have_to_wait_are_counted) {
    AddressLimits addresses = with_at_most(0);
    EXPECT_EQ(addresses.penalised(kBegin), 0U);
    visit(addresses, kHere, kPenaltyForCrash, kBegin);  // not enough yet
    EXPECT_EQ(addresses.penalised(kBegin), 0U);
    visit(addresses, kHere, kPenaltyForCrash, kBegin);
    visit(addresses, kThere, kPenaltyMin, kBegin);
    EXPECT_EQ(addresses.penalised(kBegin), 2U);
    EXPECT_EQ(addresses.penalised(kBegin + kPenaltyMin), 1U);
    EXPECT_EQ(addresses.penalised(kBegin + 2 * kPenaltyForCrash), 0U);
}
