#include "worker/login.h"

#include <utility>

#include "base/bounds.h"
#include "text/clean.h"

namespace chatd {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kTlsHandshake = "\x16\x03";

// Version 2 of the PROXY protocol (haproxy's doc/proxy-protocol.txt, 2.2). It begins with two empty
// lines: they are not held back, because people press Enter too.
constexpr std::string_view kProxySignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kNoProxy = kProxySignature.size() + 1;

}  // namespace

// --- Names ---------------------------------------------------------------------------------------

Login::Step Login::handle_line(const LineReader::Line& line) {
    if (line.too_long) return refuse_name(Text::NameTooLong);
    // GNU telnet sends Ctrl-D as a byte and keeps the connection open: it is no part of a name.
    std::string_view typed = line.text;
    while (typed.starts_with('\x04')) typed.remove_prefix(1);
    typed = trim(typed);
    if (typed.starts_with('/')) {
        const std::string command = clean_text(typed);
        return obey(parse_command(command));
    }
    const std::string_view protocol = protocol_of(typed);
    if (!protocol.empty()) return refuse_protocol(protocol);
    const std::string_view wanted = trim_name(typed);
    const NameFault fault = check_name(wanted);
    if (fault != NameFault::None) return refuse_name(text_for(fault));
    name_ = wanted;
    return Step::NameGiven;
}

Login::Step Login::obey(const Command& command) {
    if (command.verb == Verb::Quit) {
        screen_.line(Text::Goodbye);
        return Step::Quit;
    }
    if (command.verb != Verb::Lang) return refuse_name(Text::NameBadCharacter);
    choose_language(screen_, command.argument);
    screen_.prompt();
    return Step::Waits;
}

Login::Step Login::refuse_protocol(std::string_view protocol) {
    screen_.out += '\n';  // ends the line with the prompt
    screen_.line(Text::NotThat, {protocol});
    return Step::Refused;
}

Login::Step Login::refuse_name(Text reason, std::string_view filling) {
    screen_.line(reason, {filling});
    if (++attempts_ == kLoginAttemptsMax) {
        screen_.line(Text::TooManyTries);
        return Step::Refused;
    }
    screen_.prompt();
    return Step::NameRefused;
}

// --- Foreign protocols ---------------------------------------------------------------------------

std::string_view protocol_of(std::string_view line) {
    if (line.starts_with("SSH-")) return "SSH";
    if (line.starts_with("PROXY ")) return "PROXY";
    return line.find(" HTTP/") != std::string_view::npos ? "HTTP" : std::string_view();
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
