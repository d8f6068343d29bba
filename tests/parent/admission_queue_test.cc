// Specification of parent/admission_queue: who waits for the turn of an address, and who comes in
// when it has come.
#include "parent/admission_queue.h"

#include <criterion/criterion.h>

#include <string>

#include "base/bounds.h"
#include "support/expect.h"

using namespace chatd;
using namespace std::chrono_literals;

TestSuite(admission_queue, .timeout = 20);

namespace {

constexpr Moment kNow = Moment(1000s);
const std::string kHere = "192.0.2.7";
const std::string kThere = "2001:db8:0:1::/64";

struct Guest {
    std::string address;
    std::string name;
};
using Queue = AdmissionQueue<Guest>;

// The address has used up all of its connections.
void exhaust(AddressLimits& addresses, const std::string& address) {
    addresses.reserve(address, false);
    while (!addresses.turns_away(address, kNow)) addresses.entered(address, kNow);
}

std::string take_due(Queue& queue, const AddressLimits& addresses, Moment now) {
    const auto guest = queue.take_due(addresses, now);
    return guest ? guest->name : "nobody";
}

}  // namespace

Test(admission_queue, clients_of_an_address_come_in_in_their_order_one_at_each_of_its_turns) {
    AddressLimits addresses(0, std::pmr::new_delete_resource());
    exhaust(addresses, kHere);
    Queue queue;
    EXPECT_FALSE(queue.wake_at(addresses).has_value());
    queue.add({kHere, "alice"});
    queue.add({kHere, "bob"});
    const Moment turn = addresses.next(kHere);
    EXPECT_TRUE(queue.wake_at(addresses) == turn);
    EXPECT_EQ(take_due(queue, addresses, turn - 1ns), "nobody");
    EXPECT_EQ(take_due(queue, addresses, turn), "alice");
    addresses.entered(kHere, turn);
    EXPECT_EQ(take_due(queue, addresses, turn), "nobody");
    EXPECT_EQ(take_due(queue, addresses, addresses.next(kHere)), "bob");
    EXPECT_EQ(queue.size(), 0U);
}

Test(admission_queue, an_address_waits_for_no_other_one) {
    AddressLimits addresses(0, std::pmr::new_delete_resource());
    exhaust(addresses, kHere);
    Queue queue;
    queue.add({kHere, "alice"});
    queue.add({kThere, "bob"});
    EXPECT_EQ(take_due(queue, addresses, kNow), "bob");
    EXPECT_EQ(queue.waiting(kHere), 1U);
}

// The promise of the line that a client reads when it begins to wait, and of the manual.
Test(admission_queue, whatever_its_neighbours_do_the_last_one_comes_in_in_time) {
    AddressLimits addresses(0, std::pmr::new_delete_resource());
    Queue queue;
    exhaust(addresses, kHere);
    for (int i = 0; i < 100; ++i) addresses.left(kHere, kPenaltyForCrash, {}, kNow);
    while (queue.has_place(kHere)) queue.add({kHere, std::to_string(queue.size() + 1)});
    Moment now = kNow;
    for (std::size_t i = 1; queue.size() != 0; ++i) {
        now = *queue.wake_at(addresses);
        EXPECT_EQ(take_due(queue, addresses, now), std::to_string(i));
        addresses.entered(kHere, now);
        EXPECT_LE(now, kNow + i * kPenaltyMax);
        for (int later = 0; later < 20; ++later) {
            addresses.left(kHere, kPenaltyForHalfTry, {}, now + later * 200ms);
        }
    }
    EXPECT_LE(now, kNow + kQueuedOfAddressMax * kPenaltyMax);
}

Test(admission_queue, each_address_has_so_many_places_and_all_have_so_many) {
    Queue queue;
    for (std::size_t i = 0; i < kQueuedOfAddressMax; ++i) {
        EXPECT_TRUE(queue.has_place(kHere));
        queue.add({kHere, {}});
    }
    EXPECT_FALSE(queue.has_place(kHere));
    EXPECT_TRUE(queue.has_place(kThere));
    while (queue.size() < kQueuedMax) queue.add({std::to_string(queue.size()), {}});
    EXPECT_FALSE(queue.has_place(kThere));
    queue.drop_if([](const Guest& guest) { return guest.address == kHere; });
    EXPECT_EQ(queue.waiting(kHere), 0U);
    EXPECT_TRUE(queue.has_place(kHere));
}

Test(admission_queue, all_can_be_taken_out_at_once) {
    Queue queue;
    queue.add({kHere, "alice"});
    queue.add({kThere, "bob"});
    EXPECT_EQ(queue.take_last()->name, "bob");
    EXPECT_EQ(queue.take_last()->name, "alice");
    EXPECT_FALSE(queue.take_last().has_value());
}
