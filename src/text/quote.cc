#include "text/quote.h"

#include "base/bounds.h"
#include "text/number.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace chatd {
namespace {

std::string escaped_byte(unsigned char byte) {
    return (byte < 0x10 ? "\\x0" : "\\x") + in_hex(byte);
}

std::string escaped(char32_t code) {
    if (code == '\n') return "\\n";
    if (code == '\r') return "\\r";
    if (code == '\t') return "\\t";
    if (code == '"' || code == '\\') return {'\\', static_cast<char>(code)};
    if (code < 0x80) return escaped_byte(static_cast<unsigned char>(code));
    return "\\u{" + in_hex(code) + '}';
}

// Controls of C0 and C1, the separators of lines and paragraphs, and bidi controls among others.
bool must_be_escaped(char32_t code) {
    return code < ' ' || (code >= 0x7F && code < 0xA0) || code == '"' || code == '\\' ||
           code == 0x2028 || code == 0x2029 || is_default_ignorable(code);
}

}  // namespace

std::string quoted(std::string_view text) {
    std::string out = "\"";
    while (!text.empty()) {
        if (out.size() > kTracedTextBytesMax) return out + "\"…";
        const Decoded next = decode_utf8(text);
        const std::string_view bytes = text.substr(0, next.bytes);
        if (!next.valid) {
            for (const char byte : bytes) out += escaped_byte(static_cast<unsigned char>(byte));
        } else {
            out += must_be_escaped(next.code) ? escaped(next.code) : std::string(bytes);
        }
        text.remove_prefix(bytes.size());
    }
    return out + '"';
}

}  // namespace chatd
