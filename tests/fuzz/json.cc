// Fuzz target: what a server sends to the terminal client, from JSON to what is shown.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bounds.h"
#include "chat/event.h"
#include "chat/message_view.h"
#include "chat/session.h"
#include "fuzz/claim.h"
#include "fuzz/script.h"
#include "fuzz/targets.h"
#include "text/clean.h"
#include "text/json_reader.h"

namespace chatd::fuzz {
namespace {

std::int64_t utc(std::int64_t /*time_s*/) {
    return 0;
}

std::size_t depth_of(const Json& value) {
    std::size_t depth = 0;
    for (const Json& item : value.items) depth = std::max(depth, depth_of(item));
    return depth + 1;
}

void claim_json(std::string_view text) {
    const auto value = parse_json(text);
    if (!value) return;
    CLAIM(text.size() <= kJsonBytesMax);
    CLAIM(depth_of(*value) <= kJsonDepthMax);
    CLAIM(value->names.empty() || value->names.size() == value->items.size());
    CLAIM(parse_json(' ' + std::string(text)).has_value() || text.size() == kJsonBytesMax);
    CLAIM(!parse_json(std::string(text) + '}').has_value());
}

// Whatever is shown is lines of clean text.
void claim_shown(std::string_view shown) {
    CLAIM(shown.empty() || shown.back() == '\n');
    while (!shown.empty()) {
        const std::size_t end = shown.find('\n');
        CLAIM(is_clean_text(shown.substr(0, end)));
        shown.remove_prefix(end + 1);
    }
}

// The server's bytes come in any pieces; the user has typed something before.
void claim_session(std::string_view bytes, std::uint32_t seed) {
    MessageView view(Language::English, Paint::None, utc);
    const Moment now{};
    Session session({.name = "alice", .plain = seed % 7 == 1, .once = seed % 5 == 1}, view, now);
    session.entered("hi", now);
    session.connecting();
    session.connected(now);
    if (seed % 2 == 1) {
        session.received("{\"type\":\"hello\"}\n{\"type\":\"name?\"}\n", now);
        session.received("{\"type\":\"welcome\",\"name\":\"alice\"}\n", now);
    }
    for_each_piece(bytes, seed, [&](std::string_view piece) {
        if (session.has_connection()) session.received(piece, now);
        CLAIM(is_clean_text(session.prompt(now)));
    });
    if (session.has_connection()) session.lost("cut off", now);
    claim_shown(view.out);
    for (const std::string& name : session.names()) CLAIM(is_clean_text(name));
}

}  // namespace

void fuzz_json(std::string_view input) {
    Script script(input);
    const std::uint32_t seed = script.byte();
    const std::string_view bytes = script.rest();
    claim_json(bytes);
    claim_session(bytes, seed);
}

}  // namespace chatd::fuzz
