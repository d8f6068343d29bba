// Decisions out of the bytes of a fuzzer. When they are used up all that is left is zero, so that
// every input is a whole script.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace chatd::fuzz {

class Script {
  public:
    explicit Script(std::string_view bytes) : bytes_(bytes) {}

    [[nodiscard]] bool done() const { return bytes_.empty(); }

    std::uint8_t byte() { return value<std::uint8_t>(); }

    // Any value of a type that any bytes are a value of.
    template <class Value>
    Value value() {
        static_assert(std::is_trivially_copyable_v<Value>);
        Value value{};
        const std::string_view taken = bytes(sizeof value);
        if (!taken.empty()) std::memcpy(static_cast<void*>(&value), taken.data(), taken.size());
        return value;
    }

    // The next bytes, at most `most` of them.
    std::string_view bytes(std::size_t most) {
        const std::string_view taken = bytes_.substr(0, most);
        bytes_.remove_prefix(taken.size());
        return taken;
    }

    std::string_view rest() { return bytes(bytes_.size()); }

    // The next byte is a number; the piece has that many bytes after it.
    std::string_view piece() { return bytes(byte()); }

    // The same bytes several times, up to `most` bytes: long texts out of short scripts.
    std::string repeated(std::size_t most) {
        const std::size_t times = byte();
        const std::string_view part = piece();
        std::string text;
        for (std::size_t i = 0; i <= times && text.size() < most; ++i) text.append(part);
        return text.substr(0, most);
    }

  private:
    std::string_view bytes_;
};

// Calls visit(piece) for `bytes` cut into pieces of 1 to 8 bytes, or now and then of up to 4 KiB,
// differently for each seed.
template <class Visit>
void for_each_piece(std::string_view bytes, std::uint32_t seed, Visit visit) {
    std::uint32_t state = seed * 2654435761U + 1;
    while (!bytes.empty()) {
        state = state * 1664525U + 1013904223U;
        const std::uint32_t most = (state >> 16) % 8 == 0 ? 4096 : 8;
        const std::string_view piece = bytes.substr(0, 1 + (state >> 20) % most);
        visit(piece);
        bytes.remove_prefix(piece.size());
    }
}

}  // namespace chatd::fuzz
