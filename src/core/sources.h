// Where clients come from: how many of each source are here, and which sources have earned that
// they wait. The parent asks before it takes a client, and tells how each one ended.
//
// This file must never read a clock or an address: it is told the time, and a source is a text.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <string>
#include <string_view>

#include "core/pace.h"

namespace chatd {

class Sources {
  public:
    // per_source_max: clients of one source at a time; 0: no limit.
    Sources(std::uint32_t per_source_max, std::pmr::memory_resource* memory);

    // May one more of this source come in?
    enum class Answer : std::uint8_t {
        Yes,
        TooMany,    // are here
        Penalised,  // see waits()
    };
    [[nodiscard]] Answer asks(std::string_view source, Moment now) const;

    // How long a penalised source waits.
    [[nodiscard]] std::chrono::seconds waits(std::string_view source, Moment now) const;

    // One may come: what came() takes is made here. May throw std::bad_alloc, where came() does
    // not.
    void expect(std::string_view source);

    // An expected one came in; it went, and how it ended earns its source so much waiting.
    // Penalties add up, up to kPenaltyMax, and count once there are kPenaltyMin of them: one mishap
    // is no reason. After sshd's PerSourcePenalties (sshd_config(5)).
    void came(std::string_view source);
    void went(std::string_view source, std::chrono::seconds penalty, Moment now);

    // Sources that have to wait now.
    [[nodiscard]] std::size_t penalised(Moment now) const;

    // Sources that are remembered.
    [[nodiscard]] std::size_t size() const { return sources_.size(); }

  private:
    struct Source {
        std::uint32_t clients = 0;
        Moment waits_until{};
        bool counts = false;  // the penalties have reached kPenaltyMin
    };
    static bool has_to_wait(const Source& source, Moment now);
    using Table = std::pmr::map<std::pmr::string, Source, std::less<>>;

    void forget_what_is_over(Moment now);

    std::uint32_t per_source_max_;
    Table sources_;
    Moment forgotten_at_{};
};

}  // namespace chatd
