// The protocols of the contenders of the benchmark: the bytes that clients send to come in and to
// say something, and the bytes that they read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd::test {

// A client waits until it has read `wait_for` (empty: it does not wait), then sends `then_send`.
struct Step {
    std::string wait_for;
    std::string then_send;
};

struct Contender {
    std::string_view name;

    // True when a client that says something reads it too.
    bool echoes;

    // True when a client that does not read stays connected. (Otherwise the others are told that it
    // left.)
    bool keeps_stalled;

    // True when each client has a process.
    bool forks;

    // Longer texts are refused or cut (RFC 1459, 2.3: 512 bytes with everything around them).
    std::size_t text_bytes_max;

    // The steps of client `number` after it has connected. After the last one it is in the room.
    std::vector<Step> (*entry)(std::uint32_t number);

    // The bytes by which a client says this text to all.
    std::string (*say)(std::string_view text);
};

// The contender "chatd", "relay", "floor", "ngircd", "inspircd" or "ncat"; none for any other name.
[[nodiscard]] std::optional<Contender> contender_named(std::string_view name);

// A text of `bytes` bytes that tells which client says it, and the number of this message of the
// client. Throws when it would not fit.
[[nodiscard]] std::string numbered_text(std::uint32_t sender, std::uint32_t number,
                                        std::size_t bytes);

// Reads these numbers from a line that has such a text in it; none from any other line.
struct Numbers {
    std::uint32_t sender;
    std::uint32_t number;
};
[[nodiscard]] std::optional<Numbers> numbers_in(std::string_view line);

}  // namespace chatd::test
