// Specification of parent/newcomers: whose place a client takes that has to wait.
#include "parent/newcomers.h"

#include <criterion/criterion.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <vector>

#include "base/bounds.h"
#include "support/expect.h"
#include "sys/local.h"

using namespace chatd;

TestSuite(newcomers, .timeout = 20);

namespace {

const std::string kHere = "192.0.2.7";
const std::string kThere = "192.0.2.8";

// The server's newcomers, and the clients' ends of their connections.
struct Door {
    Options options;
    Admission admission{options, 1000, std::pmr::new_delete_resource(), 1};
    ParentCounters counters{};
    Journal journal{"test", Level::Error};
    Newcomers newcomers{admission, counters, journal};
    std::vector<UniqueFd> clients;

    // sends_no_more: the client is half closed, with input on its way, as `nc -N` is.
    void knock(const std::string& address, bool sends_no_more = false) {
        SocketPair ends = make_socket_pair();
        if (sends_no_more) {
            EXPECT_EQ(send_some(ends.second.get(), "bob\n").bytes, 4U);
            EXPECT_EQ(::shutdown(ends.second.get(), SHUT_WR), 0);
        }
        Accepted client{std::move(ends.first), address + ":1", address, 0};
        clients.push_back(std::move(ends.second));
        newcomers.keep_out(client, TurnedAway::Penalised);
    }

    // What this client reads, in the order of knocking.
    [[nodiscard]] std::string read(std::size_t client) const {
        std::array<char, kReadBytes> buffer;
        const IoResult got = receive(clients.at(client).get(), buffer);
        return {buffer.data(), got.bytes};
    }
};

}  // namespace

Test(newcomers, a_crowd_of_one_address_takes_no_place_from_another_address) {
    Door door;
    door.knock(kThere, true);
    for (std::size_t i = 0; i <= kQueuedOfAddressMax; ++i) door.knock(kHere);
    EXPECT_EQ(door.newcomers.waiting(), 1 + kQueuedOfAddressMax);
    EXPECT_CONTAINS(door.read(0), "Please stay");
    EXPECT_CONTAINS(door.read(1 + kQueuedOfAddressMax), "Come back in ");
}

Test(newcomers, who_sends_no_more_goes_when_the_places_of_its_address_are_short_and_reads_so) {
    Door door;
    door.knock(kHere, true);
    for (std::size_t i = 0; i < kQueuedOfAddressMax; ++i) door.knock(kHere);
    EXPECT_EQ(door.newcomers.waiting(), kQueuedOfAddressMax);
    EXPECT_CONTAINS(door.read(0), "Come back in ");
    EXPECT_CONTAINS(door.read(kQueuedOfAddressMax), "Please stay");
}

Test(newcomers, who_has_hung_up_takes_no_place) {
    Door door;
    for (std::size_t i = 0; i < 3 * kQueuedOfAddressMax; ++i) {
        door.knock(kHere);
        door.clients.back().reset();
    }
    door.knock(kHere);
    EXPECT_CONTAINS(door.read(3 * kQueuedOfAddressMax), "Please stay: you are in within 5 seconds");
}
