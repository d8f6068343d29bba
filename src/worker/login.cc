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
    const std::string clean = clean_text(typed);
    const Command command = parse_command(clean);
    if (command.verb != Verb::Say && command.verb != Verb::InDoubt) return obey(command);
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
    if (command.verb == Verb::Help) {
        screen_.line(Text::NameHelp);
    } else if (command.verb == Verb::Lang) {
        choose_language(screen_, command.argument);
    } else {
        return refuse_name(Text::NameBadCharacter);
    }
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
        return Step::Quit;
    }
    screen_.prompt();
    return Step::NameRefused;
}

// --- Foreign protocols ---------------------------------------------------------------------------

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
