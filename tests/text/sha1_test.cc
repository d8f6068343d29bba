// Specification of text/sha1.

#include "text/sha1.h"

#include <criterion/criterion.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "support/expect.h"

using namespace std::string_literals;

TestSuite(sha1, .timeout = 20);

namespace {

std::string hash_of(std::string_view message) {
    std::string digits;
    for (const unsigned char byte : chatd::sha1(message)) {
        digits += "0123456789abcdef"[byte >> 4];
        digits += "0123456789abcdef"[byte & 15];
    }
    return digits;
}

std::string repeat(std::string_view text, std::size_t times) {
    std::string all;
    for (; times > 0; --times) all += text;
    return all;
}

}  // namespace

Test(sha1, the_messages_of_RFC_3174_have_the_hashes_of_section_7_3) {
    EXPECT_EQ(hash_of("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(hash_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    EXPECT_EQ(hash_of(repeat("a", 1'000'000)), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    EXPECT_EQ(
        hash_of(repeat("0123456701234567012345670123456701234567012345670123456701234567", 10)),
        "dea356a2cddd90c7a7ecedc5ebb563934f460452");
}

Test(sha1, no_bytes_have_a_hash_too) {
    EXPECT_EQ(hash_of(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

// The length fits into the last block up to 55 bytes; with more it needs another block.
Test(sha1, a_message_may_end_anywhere_in_a_block) {
    EXPECT_EQ(hash_of(repeat("x", 1)), "11f6ad8ec52a2984abaafd7c3b516503785c2072");
    EXPECT_EQ(hash_of(repeat("x", 55)), "cef734ba81a024479e09eb5a75b6ddae62e6abf1");
    EXPECT_EQ(hash_of(repeat("x", 56)), "901305367c259952f4e7af8323f480d59f81335b");
    EXPECT_EQ(hash_of(repeat("x", 63)), "0ddc4e0cccd9a12850deb5abb0853a4425559fec");
    EXPECT_EQ(hash_of(repeat("x", 64)), "bb2fa3ee7afb9f54c6dfb5d021f14b1ffe40c163");
    EXPECT_EQ(hash_of(repeat("x", 65)), "78c741ddc482e4cdf8c474a0876347a0905b6233");
    EXPECT_EQ(hash_of(repeat("x", 119)), "4300320394f7ee239bcdce7d3b8bcee173a0cd5c");
    EXPECT_EQ(hash_of(repeat("x", 120)), "ceb2821639c4b6dcb10bce0e522ca2e608ce056d");
    EXPECT_EQ(hash_of(repeat("x", 128)), "150fa3fbdc899bd0b8f95a9fb6027f564d953762");
}

Test(sha1, bytes_above_127_count_as_such) {
    EXPECT_EQ(hash_of("\xFF\x80\x00"s), "2323f47623403ba4df16b1732c4a6d722e33442e");
}
