#include "worker/foreign_protocol.h"

#include <utility>

namespace chatd {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kTlsHandshake = "\x16\x03";

// Version 2 of the PROXY protocol (haproxy's doc/proxy-protocol.txt, 2.2). It begins with two empty
// lines: they are not held back, because people press Enter too.
constexpr std::string_view kProxySignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kNoProxy = kProxySignature.size() + 1;

}  // namespace

// The beginnings stand in RFC 4253, 4.2, and in proxy-protocol.txt, 2.1; RFC 9112, 3: the version
// ends the line. A person may be called SSH-fan.
std::string_view protocol_of(std::string_view line) {
    for (const std::string_view version : {"SSH-1.", "SSH-2.0-"}) {
        if (line.starts_with(version)) return "SSH";
    }
    for (const std::string_view family : {"PROXY TCP4 ", "PROXY TCP6 ", "PROXY UNKNOWN"}) {
        if (line.starts_with(family)) return "PROXY";
    }
    for (const std::string_view version : {" HTTP/1.0", " HTTP/1.1", " HTTP/2.0"}) {
        if (line.ends_with(version)) return "HTTP";
    }
    return {};
}

std::string_view ProtocolDetector::filter(std::string& bytes) {
    if (is_proxy(bytes)) return "PROXY";
    if (decided_) return {};
    held_.append(std::exchange(bytes, {}));
    if (held_.starts_with(kTlsHandshake)) return "TLS";
    if (kByteOrderMark.starts_with(held_) && held_.size() < kByteOrderMark.size()) return {};
    if (kTlsHandshake.starts_with(held_)) return {};
    if (held_.starts_with(kByteOrderMark)) held_.erase(0, kByteOrderMark.size());
    bytes = finish();
    return {};
}

bool ProtocolDetector::is_proxy(std::string_view bytes) {
    if (proxy_bytes_ == kNoProxy) return false;
    const std::string_view due = kProxySignature.substr(proxy_bytes_, bytes.size());
    proxy_bytes_ = bytes.starts_with(due) ? proxy_bytes_ + due.size() : kNoProxy;
    return proxy_bytes_ == kProxySignature.size();
}

std::string ProtocolDetector::finish() {
    decided_ = true;
    return std::exchange(held_, {});
}

}  // namespace chatd
