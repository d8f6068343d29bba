// Specification of text/base64.

#include "text/base64.h"

#include <criterion/criterion.h>

#include <optional>
#include <string>
#include <string_view>

#include "support/expect.h"

using chatd::decode_base64;
using chatd::encode_base64;
using namespace std::string_literals;

TestSuite(base64, .timeout = 20);

namespace {

struct Pair {
    std::string_view bytes;
    std::string_view text;
};

constexpr Pair kVectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

}  // namespace

Test(base64, the_vectors_of_RFC_4648_section_10_are_encoded) {
    for (const Pair& vector : kVectors) EXPECT_EQ(encode_base64(vector.bytes), vector.text);
}

Test(base64, the_vectors_of_RFC_4648_section_10_are_decoded) {
    for (const Pair& vector : kVectors) EXPECT_EQ(decode_base64(vector.text), vector.bytes);
}

Test(base64, every_byte_and_every_digit_comes_back) {
    std::string bytes;
    for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
    EXPECT_EQ(decode_base64(encode_base64(bytes)), bytes);

    const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    EXPECT_EQ(encode_base64(decode_base64(digits).value_or("none")), digits);
}

Test(base64, what_is_not_base64_is_not_decoded) {
    for (const std::string& text :
         {"Z"s, "Zg"s, "Zg="s, "Zg==="s, "Z==="s, "===="s, "Zg==Zg=="s, "=Zg="s, "Zm 9"s, "Zm9v\n"s,
          "Zm9-"s, "Zm9_"s, "Zm9\0"s, "Zm9\xFF"s}) {
        EXPECT_EQ(decode_base64(text), std::nullopt);
    }
}

Test(base64, bits_that_mean_nothing_are_ignored) {
    EXPECT_EQ(decode_base64("Zh=="), "f");
    EXPECT_EQ(decode_base64("Zm9="), "fo");
}
