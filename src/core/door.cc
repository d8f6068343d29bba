#include "core/door.h"

#include <utility>

namespace chatd {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kTlsHandshake = "\x16\x03";

}  // namespace

std::string_view protocol_of(std::string_view line) {
    if (line.starts_with("SSH-")) return "SSH";
    if (line.starts_with("PROXY ")) return "PROXY";
    return line.find(" HTTP/") != std::string_view::npos ? "HTTP" : std::string_view();
}

bool Door::let_in(std::string_view bytes, std::string& text) {
    if (open_) {
        text.append(bytes);
        return true;
    }
    held_.append(bytes);
    if (held_.starts_with(kTlsHandshake)) return false;
    if (kByteOrderMark.starts_with(held_) && held_.size() < kByteOrderMark.size()) return true;
    if (kTlsHandshake.starts_with(held_)) return true;
    if (held_.starts_with(kByteOrderMark)) held_.erase(0, kByteOrderMark.size());
    open(text);
    return true;
}

void Door::open(std::string& text) {
    open_ = true;
    text.append(std::exchange(held_, {}));
}

}  // namespace chatd
