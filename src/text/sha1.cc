#include "text/sha1.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>

namespace chatd {
namespace {

constexpr std::size_t kBlockBytes = 64;
constexpr std::size_t kLengthBytes = 8;

using State = std::array<std::uint32_t, 5>;

// 5.1.1: a one bit, zero bits, and the length of the message in bits fill the last block.
std::string padding_of(std::uint64_t message_bytes) {
    const std::size_t used = (message_bytes + 1 + kLengthBytes) % kBlockBytes;
    std::string padding("\x80");
    padding.append((kBlockBytes - used) % kBlockBytes, '\0');
    for (int shift = 56; shift >= 0; shift -= 8) {
        padding += static_cast<char>((message_bytes * 8) >> shift);
    }
    return padding;
}

// 4.1.1 and 4.2.1: the function of a round, with its constant.
std::uint32_t mix(std::size_t round, std::uint32_t x, std::uint32_t y, std::uint32_t z) {
    if (round < 20) return ((x & y) ^ (~x & z)) + 0x5a827999;
    if (round < 40) return (x ^ y ^ z) + 0x6ed9eba1;
    if (round < 60) return ((x & y) ^ (x & z) ^ (y & z)) + 0x8f1bbcdc;
    return (x ^ y ^ z) + 0xca62c1d6;
}

// 6.1.2
void add_block(State& state, std::string_view block) {
    std::array<std::uint32_t, 80> words{};
    for (std::size_t at = 0; at < kBlockBytes; ++at) {
        words[at / 4] = words[at / 4] << 8 | static_cast<unsigned char>(block[at]);
    }
    for (std::size_t at = 16; at < words.size(); ++at) {
        words[at] = std::rotl(words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16], 1);
    }
    auto [a, b, c, d, e] = state;
    for (std::size_t round = 0; round < words.size(); ++round) {
        const std::uint32_t next = std::rotl(a, 5) + mix(round, b, c, d) + e + words[round];
        e = d;
        d = c;
        c = std::rotl(b, 30);
        b = a;
        a = next;
    }
    state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d, state[4] + e};
}

void add_blocks(State& state, std::string_view blocks) {
    for (; blocks.size() >= kBlockBytes; blocks.remove_prefix(kBlockBytes)) {
        add_block(state, blocks.substr(0, kBlockBytes));
    }
}

}  // namespace

Sha1 sha1(std::string_view message) {
    State state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};  // 5.3.1
    add_blocks(state, message);
    std::string end(message.substr(message.size() - message.size() % kBlockBytes));
    add_blocks(state, end + padding_of(message.size()));

    Sha1 hash{};
    for (std::size_t at = 0; at < hash.size(); ++at) {
        hash[at] = static_cast<unsigned char>(state[at / 4] >> (24 - at % 4 * 8));
    }
    return hash;
}

}  // namespace chatd
