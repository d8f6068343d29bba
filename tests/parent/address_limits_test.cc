// Specification of parent/address_limits: how many clients of each address, and which addresses
// wait.
#include "parent/address_limits.h"

#include <criterion/criterion.h>

#include <string>

#include "base/bounds.h"
#include "support/expect.h"

using namespace chatd;
using namespace std::chrono_literals;

namespace {

constexpr Moment kBegin = Moment(1000s);
constexpr const char* kHere = "192.0.2.7";
constexpr const char* kThere = "2001:db8:0:1::/64";

AddressLimits with_at_most(std::uint32_t per_address_max) {
    return {per_address_max, std::pmr::new_delete_resource()};
}

void enter(AddressLimits& addresses, const std::string& address) {
    addresses.reserve(address);
    addresses.entered(address);
}

// A client enters, and leaves with this penalty.
void visit(AddressLimits& addresses, const std::string& address, std::chrono::seconds penalty,
           Moment now) {
    enter(addresses, address);
    addresses.left(address, penalty, now);
}

}  // namespace

Test(address_limits, each_address_has_room_for_so_many) {
    AddressLimits addresses = with_at_most(2);
    enter(addresses, kHere);
    EXPECT_TRUE(addresses.refusal(kHere, kBegin) == std::nullopt);
    enter(addresses, kHere);
    EXPECT_TRUE(addresses.refusal(kHere, kBegin) == TurnedAway::TooManyOfAddress);
    EXPECT_TRUE(addresses.refusal(kThere, kBegin) == std::nullopt);
    addresses.left(kHere, 0s, kBegin);
    EXPECT_TRUE(addresses.refusal(kHere, kBegin) == std::nullopt);
}

Test(address_limits, without_a_limit_everybody_may_enter) {
    AddressLimits addresses = with_at_most(0);
    for (int i = 0; i < 100'000; ++i) enter(addresses, kHere);
    EXPECT_TRUE(addresses.refusal(kHere, kBegin) == std::nullopt);
}

Test(address_limits, an_address_without_clients_and_penalties_is_forgotten) {
    AddressLimits addresses = with_at_most(2);
    visit(addresses, kHere, 0s, kBegin);
    EXPECT_EQ(addresses.size(), 0U);
}

Test(address_limits, one_crash_is_no_reason_to_wait) {
    AddressLimits addresses = with_at_most(0);
    visit(addresses, kHere, kPenaltyForCrash, kBegin);
    EXPECT_TRUE(addresses.refusal(kHere, kBegin) == std::nullopt);
}

Test(address_limits, two_crashes_in_a_row_are_a_reason_to_wait) {
    AddressLimits addresses = with_at_most(0);
    visit(addresses, kHere, kPenaltyForCrash, kBegin);
    visit(addresses, kHere, kPenaltyForCrash, kBegin);
    EXPECT_TRUE(addresses.refusal(kHere, kBegin) == TurnedAway::Penalised);
    EXPECT_TRUE(addresses.waiting_time(kHere, kBegin) == 2 * kPenaltyForCrash);
    EXPECT_TRUE(addresses.waiting_time(kHere, kBegin + 500ms) == 2 * kPenaltyForCrash);
    EXPECT_TRUE(addresses.refusal(kThere, kBegin) == std::nullopt);
}

Test(address_limits, a_penalty_lasts_to_its_end) {
    AddressLimits addresses = with_at_most(0);
    visit(addresses, kHere, kPenaltyForCrash, kBegin);
    visit(addresses, kHere, kPenaltyForCrash, kBegin);
    EXPECT_TRUE(addresses.refusal(kHere, kBegin + 20s - 1ms) == TurnedAway::Penalised);
    EXPECT_TRUE(addresses.refusal(kHere, kBegin + 20s) == std::nullopt);
    // The next crash is the first again.
    visit(addresses, kHere, kPenaltyForCrash, kBegin + 20s);
    EXPECT_TRUE(addresses.refusal(kHere, kBegin + 20s) == std::nullopt);
}

Test(address_limits, crashes_far_apart_do_not_add_up) {
    AddressLimits addresses = with_at_most(0);
    for (int i = 0; i < 100; ++i) {
        visit(addresses, kHere, kPenaltyForCrash, kBegin + i * kPenaltyForCrash);
        EXPECT_TRUE(addresses.refusal(kHere, kBegin + i * kPenaltyForCrash) == std::nullopt);
    }
}

Test(address_limits, no_address_waits_longer_than_the_longest_penalty) {
    AddressLimits addresses = with_at_most(0);
    for (int i = 0; i < 1000; ++i) visit(addresses, kHere, kPenaltyForCrash, kBegin);
    EXPECT_TRUE(addresses.waiting_time(kHere, kBegin) == kPenaltyMax);
}

Test(address_limits, clients_still_count_when_the_penalty_is_over) {
    AddressLimits addresses = with_at_most(1);
    enter(addresses, kHere);
    visit(addresses, kHere, kPenaltyForCrash, kBegin);
    EXPECT_TRUE(addresses.refusal(kHere, kBegin + 1h) == TurnedAway::TooManyOfAddress);
}

Test(address_limits, a_flood_from_many_addresses_takes_bounded_memory) {
    AddressLimits addresses = with_at_most(0);
    for (std::size_t i = 0; i < 2 * kAddressesRememberedMax; ++i) {
        visit(addresses, "address " + std::to_string(i), kPenaltyForCrash, kBegin);
    }
    EXPECT_EQ(addresses.size(), kAddressesRememberedMax);
}

Test(address_limits, the_addresses_of_a_flood_are_forgotten_after_it) {
    AddressLimits addresses = with_at_most(0);
    for (std::size_t i = 0; i < 2 * kAddressesRememberedMax; ++i) {
        visit(addresses, "address " + std::to_string(i), kPenaltyForCrash, kBegin);
    }
    visit(addresses, kHere, kPenaltyForCrash, kBegin + kPenaltyMax);
    EXPECT_EQ(addresses.size(), 0U);
    visit(addresses, kHere, kPenaltyForCrash, kBegin + kPenaltyMax);
    EXPECT_EQ(addresses.size(), 1U);
}

Test(address_limits, a_client_that_does_not_enter_takes_no_room) {
    AddressLimits addresses = with_at_most(1);
    addresses.reserve(kHere);
    EXPECT_TRUE(addresses.refusal(kHere, kBegin) == std::nullopt);
    visit(addresses, kHere, 0s, kBegin);
    EXPECT_EQ(addresses.size(), 0U);
}

Test(address_limits, addresses_that_wait_are_counted) {
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
