// Fuzz target: the telnet filter.
#include <cstddef>
#include <string>
#include <string_view>

#include "fuzz/claim.h"
#include "fuzz/script.h"
#include "fuzz/targets.h"
#include "worker/telnet.h"

namespace chatd::fuzz {
namespace {

constexpr char kIac = '\xFF';
constexpr char kWont = '\xFC';
constexpr char kDont = '\xFE';

struct Result {
    std::string text;
    std::string replies;
    bool operator==(const Result&) const = default;
};

Result whole(std::string_view bytes) {
    Result result;
    TelnetFilter().filter(bytes, result.text, result.replies);
    return result;
}

Result in_pieces(std::string_view bytes, std::uint32_t seed) {
    Result result;
    TelnetFilter filter;
    for_each_piece(bytes, seed, [&](std::string_view piece) {
        filter.filter(piece, result.text, result.replies);
    });
    return result;
}

Result byte_by_byte(std::string_view bytes) {
    Result result;
    TelnetFilter filter;
    for (const char& byte : bytes) filter.filter({&byte, 1}, result.text, result.replies);
    return result;
}

}  // namespace

void fuzz_telnet(std::string_view input) {
    Script script(input);
    const std::uint32_t seed = script.byte();
    const std::string_view bytes = script.rest();

    const Result result = whole(bytes);
    CLAIM(in_pieces(bytes, seed) == result);
    CLAIM(byte_by_byte(bytes) == result);
    // Each reply answers three bytes of the client, and bytes of a command are no text.
    CLAIM(result.text.size() + result.replies.size() <= bytes.size());

    CLAIM(result.replies.size() % 3 == 0);
    for (std::size_t at = 0; at < result.replies.size(); at += 3) {
        CLAIM(result.replies[at] == kIac);
        CLAIM(result.replies[at + 1] == kWont || result.replies[at + 1] == kDont);
    }

    const bool speaks_telnet = bytes.find(kIac) != std::string_view::npos;
    if (!speaks_telnet) CLAIM(result.text == bytes && result.replies.empty());
}

}  // namespace chatd::fuzz
