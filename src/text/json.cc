#include "text/json.h"

#include <algorithm>
#include <vector>

namespace chatd {

void append_json_string(std::string& out, std::string_view text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    out += '"';
    for (const char byte : text) {
        const auto code = static_cast<unsigned char>(byte);
        if (byte == '\n') {
            out += "\\n";
        } else if (code < 0x20 || code == 0x7F) {
            out.append("\\u00").append(1, kHex[code >> 4]).append(1, kHex[code & 0xF]);
        } else {
            if (byte == '"' || byte == '\\') out += '\\';
            out += byte;
        }
    }
    out += '"';
}

void JsonObject::begin(std::string_view name) {
    if (!std::exchange(is_empty_, false)) out_ += ',';
    append_json_string(out_, name);
    out_ += ':';
}

void JsonObject::add(std::string_view name, std::string_view value) {
    begin(name);
    append_json_string(out_, value);
}

void JsonObject::add(std::string_view name, bool value) {
    begin(name);
    out_ += value ? "true" : "false";
}

void JsonObject::add_words(std::string_view name, std::string_view words) {
    std::vector<std::string_view> list;
    while (!words.empty()) {
        const std::string_view word = words.substr(0, words.find(' '));
        list.push_back(word);
        words.remove_prefix(std::min(word.size() + 1, words.size()));
    }
    add_list(name, list);
}

}  // namespace chatd
