// The fuzz targets: each runs one part of the core on any bytes and aborts when a claim about it
// does not hold (see claim.h). They keep nothing from one call to the next that could be seen.
#pragma once

#include <string_view>

namespace chatd::fuzz {

void fuzz_client(std::string_view input);  // a client and a broker -> Conversation
void fuzz_frames(
    std::string_view input);  // hostile workers -> Room, a broken broker -> Conversation
void fuzz_history(std::string_view input);  // a damaged history -> Salvage, Log
void fuzz_http(std::string_view input);     // a browser, or what is none -> HttpReader, answer
void fuzz_json(std::string_view input);     // a server -> Session, and what is shown
void fuzz_keys(std::string_view input);     // a terminal's keys -> KeyReader, Editor, draw()
void fuzz_telnet(std::string_view input);
void fuzz_text(std::string_view input);  // text, names, lines, commands
void fuzz_websocket(std::string_view input);

struct Target {
    const char* name;
    void (*run)(std::string_view input);
};

inline constexpr Target kTargets[] = {
    {"client", fuzz_client}, {"frames", fuzz_frames}, {"history", fuzz_history},
    {"http", fuzz_http},     {"json", fuzz_json},     {"keys", fuzz_keys},
    {"telnet", fuzz_telnet}, {"text", fuzz_text},     {"websocket", fuzz_websocket},
};

}  // namespace chatd::fuzz
