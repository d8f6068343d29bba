// How each contender of the benchmark is spoken to: what a client sends to get in and to say
// something, and what it reads on the way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd::test {

// A client waits until it has read `wait_for` (empty: for nothing), then sends `then_send`.
struct Step {
    std::string wait_for;
    std::string then_send;
};

struct Contender {
    std::string_view name;

    // Who says something reads it too.
    bool echoes;

    // Who does not read is not disconnected for it, which others would be told of.
    bool keeps_stalled;

    // A process for each client.
    bool forks;

    // Longer texts are refused or cut (RFC 1459, 2.3: 512 bytes with all that is around them).
    std::size_t text_bytes_max;

    // What client `number` does after connecting; after the last step it is in.
    std::vector<Step> (*entry)(std::uint32_t number);

    // The bytes that say this to all.
    std::string (*say)(std::string_view text);
};

// chatd, ngircd, inspircd, ncat or floor.
[[nodiscard]] std::optional<Contender> contender_named(std::string_view name);

// A text of `bytes` bytes that tells who says it, and its how-manieth that is.
[[nodiscard]] std::string numbered_text(std::uint32_t sender, std::uint32_t number,
                                        std::size_t bytes);

// What a line tells that has such a text in it.
struct Numbers {
    std::uint32_t sender;
    std::uint32_t number;
};
[[nodiscard]] std::optional<Numbers> numbers_in(std::string_view line);

}  // namespace chatd::test
