#include "chat/keys.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/bounds.h"
#include "text/utf8.h"

namespace chatd {
namespace {

constexpr char kEscape = '\x1B';
constexpr char kDelete = '\x7F';
constexpr char kCtrlU = '\x15';
constexpr char kCtrlX = '\x18';
constexpr std::string_view kBackgroundIs = "\x1B]11;";
constexpr std::string_view kPasteEnd = "\x1B[201~";

bool is_between(char byte, char first, char last) {
    return byte >= first && byte <= last;
}

bool is_control(char byte) {
    return is_between(byte, '\0', '\x1F') || byte == kDelete;
}

// --- Control characters

// The key of each byte 0x00..0x1F: Ctrl with @, the letters, and [ \ ] ^ _.
constexpr std::array<Key, 32> kControls = {
    Key::Unknown,    Key::Home,        Key::Left,       Key::Interrupt,      // @ A B C
    Key::EndOfInput, Key::End,         Key::Right,      Key::Cancel,         // D E F G
    Key::Backspace,  Key::Tab,         Key::Enter,      Key::KillToEnd,      // H I J K
    Key::Redraw,     Key::Enter,       Key::Down,       Key::Unknown,        // L M N O
    Key::Up,         Key::Unknown,     Key::SearchBack, Key::Unknown,        // P Q R S
    Key::Transpose,  Key::KillToStart, Key::Unknown,    Key::DeleteToSpace,  // T U V W
    Key::Unknown,    Key::Yank,        Key::Suspend,    Key::Escape,         // X Y Z [
    Key::Unknown,    Key::Unknown,     Key::Unknown,    Key::Undo,           // \ ] ^ _
};

// --- Escape sequences

// The key at the front of some bytes.
struct Parsed {
    Key key;
    std::size_t bytes;  // 0: more bytes are needed
};

constexpr Parsed kUnfinished{Key::Unknown, 0};

// The number at the front of `text`; 0 when there is none.
unsigned number_at(std::string_view text) {
    unsigned number = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

// The last parameter of a key is one more than a sum: 1 Shift, 2 Alt, 4 Ctrl, 8 Meta. Shift alone
// changes no key here.
bool has_modifier(unsigned parameter) {
    return parameter > 2;
}

// The same key with Alt or Ctrl held.
Key with_modifier(Key key) {
    switch (key) {
        case Key::Left: return Key::WordLeft;
        case Key::Right: return Key::WordRight;
        case Key::Delete: return Key::DeleteWordAfter;
        case Key::Backspace: return Key::DeleteWordBefore;
        default: return key;
    }
}

Key key_of_letter(char letter) {
    switch (letter) {
        case 'A': return Key::Up;
        case 'B': return Key::Down;
        case 'C': return Key::Right;
        case 'D': return Key::Left;
        case 'F': return Key::End;
        case 'H': return Key::Home;
        case 'Z': return Key::BackTab;
        default: return Key::Unknown;
    }
}

Key key_of_number(unsigned number) {
    switch (number) {
        case 1:
        case 7: return Key::Home;
        case 3: return Key::Delete;
        case 4:
        case 8: return Key::End;
        case 5: return Key::PageUp;
        case 6: return Key::PageDown;
        case 200: return Key::Paste;
        default: return Key::Unknown;
    }
}

// rxvt has small letters for arrows with Shift behind CSI, and with Ctrl behind SS3.
char capital(char letter) {
    return is_between(letter, 'a', 'd') ? static_cast<char>(letter - 'a' + 'A') : letter;
}

Key key_of(std::string_view parameters, char final) {
    if (!parameters.empty() && !is_between(parameters.front(), '0', ';')) return Key::Unknown;
    const std::size_t semicolon = parameters.rfind(';');
    const unsigned last = number_at(parameters.substr(semicolon + 1));  // npos + 1 is 0
    switch (final) {
        case '$': return key_of_number(last);                 // rxvt: Shift
        case '^':                                             // rxvt: Ctrl
        case '@': return with_modifier(key_of_number(last));  // rxvt: both
        case '~': {
            const Key key = key_of_number(number_at(parameters));
            const bool modified = semicolon != parameters.npos && has_modifier(last);
            return modified ? with_modifier(key) : key;
        }
        default: {
            const Key key = key_of_letter(capital(final));
            return has_modifier(last) ? with_modifier(key) : key;
        }
    }
}

// CSI: parameters, intermediates, a final byte (ECMA-48 5.4). Any other byte breaks it off.
Parsed parse_control_sequence(std::string_view rest) {
    std::size_t at = 2;
    const auto skip = [&](char first, char last) {
        const std::size_t begin = at;
        while (at < rest.size() && is_between(rest[at], first, last)) ++at;
        return rest.substr(begin, at - begin);
    };
    const std::string_view parameters = skip('0', '?');
    const bool is_of_rxvt = rest.substr(at).starts_with('$') && number_at(parameters) != 0;
    if (is_of_rxvt) return {key_of(parameters, '$'), at + 1};
    const bool has_intermediates = !skip(' ', '/').empty();
    if (at == rest.size()) return kUnfinished;
    if (!is_between(rest[at], '@', '~')) return {Key::Unknown, at};
    // The function keys of the Linux console: a second bracket, and a letter.
    if (at == 2 && rest[at] == '[') {
        if (rest.size() == 3) return kUnfinished;
        return {Key::Unknown, is_between(rest[3], 'A', 'Z') ? 4u : 3u};
    }
    return {has_intermediates ? Key::Unknown : key_of(parameters, rest[at]), at + 1};
}

// SS3: a letter, which old terminals let a modifier go before.
Parsed parse_single_shift(std::string_view rest) {
    std::size_t at = 2;
    while (at < rest.size() && is_between(rest[at], '0', ';')) ++at;
    if (at == rest.size()) return kUnfinished;
    const char letter = rest[at];
    if (!is_between(letter, ' ', '~')) return {Key::Unknown, at};
    if (letter == 'M') return {Key::Enter, at + 1};  // of the keypad
    const Key key = key_of(rest.substr(2, at - 2), letter);
    return {capital(letter) != letter ? with_modifier(key) : key, at + 1};
}

// A string that answers a question, of this program or of one before: it ends with ST, or BEL.
Parsed parse_control_string(std::string_view rest) {
    const Key key = rest.starts_with(kBackgroundIs) ? Key::Background : Key::Unknown;
    std::size_t at = 2;
    while (at < rest.size() && !is_control(rest[at])) ++at;
    if (at == rest.size() || rest.substr(at) == "\x1B") return kUnfinished;
    if (rest[at] == '\a') return {key, at + 1};
    if (rest.substr(at).starts_with("\x1B\\")) return {key, at + 2};
    return {Key::Unknown, at};
}

Parsed parse_sequence(std::string_view rest) {
    switch (rest[1]) {
        case '[': return parse_control_sequence(rest);
        case 'O': return parse_single_shift(rest);
        default: return parse_control_string(rest);
    }
}

// Alt: rxvt and others send ESC before the bytes of the key.
Parsed parse_alt(std::string_view rest) {
    if (rest[1] == kEscape) {
        if (rest.size() == 2) return kUnfinished;
        if (rest[2] != '[' && rest[2] != 'O') return {Key::Escape, 1};
        const Parsed key = parse_sequence(rest.substr(1));
        return key.bytes == 0 ? kUnfinished : Parsed{with_modifier(key.key), key.bytes + 1};
    }
    switch (rest[1]) {
        case 'b':
        case 'B': return {Key::WordLeft, 2};
        case 'f':
        case 'F': return {Key::WordRight, 2};
        case 'd':
        case 'D': return {Key::DeleteWordAfter, 2};
        case '\b':
        case kDelete: return {Key::DeleteWordBefore, 2};
        default: break;
    }
    // Escape, and in the same moment something else.
    if (!is_between(rest[1], ' ', '~')) return {Key::Escape, 1};
    return {Key::Unknown, 2};
}

// The key at the front of `rest`, which begins with ESC.
Parsed parse_escape(std::string_view rest) {
    constexpr std::string_view kIntroducers = "[O]PX^_";  // CSI, SS3, OSC, DCS, SOS, PM, APC
    rest = rest.substr(0, kSequenceBytesMax);
    if (rest.size() == 1) return kUnfinished;
    const bool is_sequence = kIntroducers.find(rest[1]) != kIntroducers.npos;
    const Parsed parsed = is_sequence ? parse_sequence(rest) : parse_alt(rest);
    const bool is_too_long = parsed.bytes == 0 && rest.size() == kSequenceBytesMax;
    return is_too_long ? Parsed{Key::Unknown, rest.size()} : parsed;
}

// Is the character at the front of `rest`, as it was decoded, one whose end has not come yet?
bool is_cut_off(const Decoded& next, std::string_view rest) {
    const bool may_begin = is_between(rest.front(), '\xC2', '\xF4');
    return !next.valid && next.bytes == rest.size() && may_begin;
}

}  // namespace

// By the weights of ITU-R BT.709, without its gamma: nothing hangs on what is neither.
bool is_light(std::string_view background) {
    constexpr std::array kWeights = {0.2126, 0.7152, 0.0722};
    if (!background.starts_with("rgb:")) return false;
    background.remove_prefix(4);
    double light = 0;
    for (const double weight : kWeights) {
        const std::string_view digits = background.substr(0, background.find('/'));
        unsigned value = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        if (digits.size() > 4 || error != std::errc() || end != digits.data() + digits.size()) {
            return false;
        }
        light += weight * value / ((1U << 4 * digits.size()) - 1);
        background.remove_prefix(std::min(digits.size() + 1, background.size()));
    }
    return light > 0.5;
}

void KeyReader::add(std::string_view bytes) {
    buffer_.erase(0, begin_);
    begin_ = 0;
    buffer_.append(bytes);
    gave_up_ = false;
}

std::optional<KeyPress> KeyReader::next() {
    if (in_paste_) return next_paste();
    if (rest().empty()) return std::nullopt;
    if (rest().front() == kEscape) return next_escape();
    return is_control(rest().front()) ? next_control() : next_text();
}

bool KeyReader::is_waiting() const {
    return !in_paste_ && !rest().empty() && rest().front() != kCtrlX;
}

KeyPress KeyReader::take(Key key, std::size_t bytes) {
    begin_ += bytes;
    return {key};
}

std::optional<KeyPress> KeyReader::next_escape() {
    const Parsed parsed = parse_escape(rest());
    if (parsed.bytes == 0 && !gave_up_) return std::nullopt;
    if (parsed.bytes == 0) {
        const bool is_escape = rest().size() == 1 || rest()[1] == kEscape;
        return is_escape ? take(Key::Escape, 1) : take(Key::Unknown, rest().size());
    }
    const std::string_view sequence = rest().substr(0, parsed.bytes);
    KeyPress press = take(parsed.key, parsed.bytes);
    if (press.key == Key::Background) {
        press.text = sequence.substr(kBackgroundIs.size());
        press.text.resize(std::min(press.text.find_first_of("\a\x1B"), press.text.size()));
    }
    if (press.key != Key::Paste) return press;
    in_paste_ = true;
    return next_paste();
}

std::optional<KeyPress> KeyReader::next_control() {
    const char byte = rest().front();
    if (byte == kDelete) return take(Key::Backspace, 1);
    if (byte != kCtrlX) return take(kControls[static_cast<unsigned char>(byte)], 1);
    if (rest().size() == 1) return std::nullopt;
    return rest()[1] == kCtrlU ? take(Key::Undo, 2) : take(Key::Unknown, 1);
}

std::optional<KeyPress> KeyReader::next_text() {
    KeyPress press{Key::Text};
    while (!rest().empty() && !is_control(rest().front())) {
        const Decoded next = decode_utf8(rest());
        if (is_cut_off(next, rest()) && !gave_up_) break;
        if (next.valid) press.text += rest().substr(0, next.bytes);
        begin_ += next.bytes;
    }
    if (!press.text.empty()) return press;
    // All of it was dropped. What follows is a control, or the beginning of a character.
    const bool is_key = !rest().empty() && is_control(rest().front());
    return is_key ? next() : std::nullopt;
}

std::optional<KeyPress> KeyReader::next_paste() {
    const std::size_t end = rest().find(kPasteEnd);
    if (end == std::string_view::npos) {
        // The end may have come by half.
        const std::size_t kept = std::min(rest().size(), kPasteEnd.size() - 1);
        take_pasted(rest().size() - kept);
        return std::nullopt;
    }
    take_pasted(end);
    begin_ += kPasteEnd.size();
    in_paste_ = false;
    after_return_ = false;
    return KeyPress{Key::Paste, std::exchange(pasted_, {})};
}

void KeyReader::drop_paste() {
    in_paste_ = after_return_ = false;
    pasted_.clear();
    begin_ = buffer_.size();
}

// Terminals send CR, CR LF or LF for the end of a line.
void KeyReader::take_pasted(std::size_t bytes) {
    for (const char byte : rest().substr(0, bytes)) {
        const bool is_second_half = std::exchange(after_return_, byte == '\r') && byte == '\n';
        if (is_second_half || pasted_.size() > kPasteBytesMax) continue;
        pasted_ += byte == '\r' ? '\n' : byte;
    }
    begin_ += bytes;
}

}  // namespace chatd
