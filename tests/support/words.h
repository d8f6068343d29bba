// Memory that is aligned as a log and a table of members need it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace chatd::test {

using Words = std::vector<std::uint64_t>;

[[nodiscard]] inline std::span<std::byte> bytes_of(Words& words) {
    return std::as_writable_bytes(std::span(words));
}

}  // namespace chatd::test
