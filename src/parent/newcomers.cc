#include "parent/newcomers.h"

#include "sys/clock.h"

namespace chatd {

void Newcomers::turn_away(const Accepted& client, TurnedAway why) {
    note_turned_away(client, why);
    (void)send_some(client.fd.get(), admission_.line_for(why));
    discard_input(client.fd.get());
}

void Newcomers::note_turned_away(const Accepted& client, TurnedAway why) {
    const char* const peer = client.peer.c_str();
    const bool penalised = why == TurnedAway::Penalised;
    if (why == TurnedAway::RoomFull) journal_.debug("%s refused: the room is full", peer);
    if (penalised || why == TurnedAway::TooManyOfAddress) {
        journal_.debug("%s refused: %s", peer, penalised ? "penalised" : "too many of its address");
    }
    counters_.count(why);
}

void Newcomers::keep_out(Accepted& client, TurnedAway why) {
    if (why == TurnedAway::Penalised) return let_wait(client);
    turn_away(client, why);
}

bool Newcomers::queue_up(Accepted& client) {
    if (queue_.waiting(client.address) == 0) return false;
    let_wait(client);
    return true;
}

// Somebody who connects and hangs up in a loop takes no place from a neighbour who stays. A client
// that sends no more may still read, as `nc -N` does, so it goes only when places are short: for
// one of its own address when those of the address are, and for any when all are. When all places
// are taken by clients that are still there, this one is turned away.
void Newcomers::let_wait(Accepted& client) {
    queue_.drop_if([&](const Accepted& one) {
        return one.address == client.address && presence_of(one.fd.get()) == Presence::Gone;
    });
    if (!queue_.has_place(client.address)) {
        const bool is_full = queue_.size() == kQueuedMax;
        const auto goes = [&](const Accepted& one) {
            return (is_full || one.address == client.address) &&
                   presence_of(one.fd.get()) != Presence::Here;
        };
        while (const auto one = queue_.take_if(goes)) turn_away(*one, TurnedAway::Penalised);
    }
    if (!queue_.has_place(client.address)) return turn_away(client, TurnedAway::Penalised);
    const std::size_t place = queue_.waiting(client.address) + 1;
    journal_.debug("%s waits: its address connects too often", client.peer.c_str());
    (void)send_some(client.fd.get(), admission_.line_for_waiting(place));
    queue_.add(std::move(client));
}

std::optional<Accepted> Newcomers::next() {
    for (;;) {
        auto client = queue_.take_due(admission_.addresses(), Clock::now());
        if (!client || presence_of(client->fd.get()) != Presence::Gone) return client;
    }
}

bool Newcomers::turn_all_away(TurnedAway why) {
    const bool was_awaited = queue_.size() != 0;
    while (const auto client = queue_.take_last()) turn_away(*client, why);
    return was_awaited;
}

}  // namespace chatd
