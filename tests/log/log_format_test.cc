// Specification of log/log_format: what is a log, and what is not.

#include "log/log_format.h"

#include <criterion/criterion.h>

#include <cstddef>
#include <cstdint>

#include "base/bounds.h"
#include "support/expect.h"

using namespace chatd;

namespace {

constexpr std::size_t kRing = kHistoryBytesMin;

}  // namespace

TestSuite(log_format, .timeout = 20);

Test(log_format, the_ring_is_rounded_down_to_a_multiple_of_eight) {
    for (std::size_t bytes = kRing; bytes < kRing + 16; ++bytes) {
        const LogHeader header = empty_log_header(bytes);
        EXPECT_EQ(header.ring_bytes, bytes / 8 * 8);
        EXPECT_TRUE(is_log(header, log_memory_bytes(bytes)));
    }
}

Test(log_format, an_empty_header_is_a_log_in_enough_memory) {
    const LogHeader header = empty_log_header(kRing);
    EXPECT_TRUE(is_log(header, kLogHeaderBytes + kRing));
    EXPECT_TRUE(is_log(header, SIZE_MAX));
    EXPECT_FALSE(is_log(header, kLogHeaderBytes + kRing - 1));
    EXPECT_FALSE(is_log(header, 0));
}

Test(log_format, a_header_with_one_wrong_field_is_no_log) {
    constexpr std::size_t kTotal = kLogHeaderBytes + 2 * kHistoryBytesMax;
    LogHeader good = empty_log_header(kRing);
    good.tail = 8;
    good.head = 8 + kRing;
    EXPECT_TRUE(is_log(good, kTotal));
    const auto expect_refused = [&](auto change) {
        LogHeader header = good;
        change(header);
        EXPECT_FALSE(is_log(header, kTotal));
    };
    for (std::size_t i = 0; i < sizeof good.magic; ++i) {
        expect_refused([&](LogHeader& header) { header.magic[i] ^= 1; });
    }
    expect_refused([](LogHeader& header) { header.version = 0; });
    expect_refused([](LogHeader& header) { ++header.version; });
    expect_refused([](LogHeader& header) { --header.header_bytes; });
    expect_refused([](LogHeader& header) { header.header_bytes *= 2; });
    expect_refused([](LogHeader& header) { header.ring_bytes += 4; });
    expect_refused([](LogHeader& header) { header.ring_bytes = kHistoryBytesMax + 8; });
    expect_refused([](LogHeader& header) { header.ring_bytes = UINT64_MAX - 7; });
    expect_refused([](LogHeader& header) { header.ring_bytes = 0; });
    expect_refused([](LogHeader& header) { ++header.tail; });
    expect_refused([](LogHeader& header) { header.tail = header.head + 8; });
    expect_refused([](LogHeader& header) { --header.head; });
    expect_refused([](LogHeader& header) { header.head += 8; });
    expect_refused([](LogHeader& header) { header.head = UINT64_MAX - 7; });
}

Test(log_format, a_ring_below_the_least_is_no_log) {
    LogHeader header = empty_log_header(kHistoryBytesMin - 8);
    EXPECT_FALSE(is_log(header, SIZE_MAX));
}

Test(log_format, zeros_are_no_log) {
    EXPECT_FALSE(is_log(LogHeader{}, SIZE_MAX));
}
