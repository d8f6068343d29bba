#include "text/json_reader.h"

#include <algorithm>
#include <charconv>

#include "base/bounds.h"
#include "text/utf8.h"

namespace chatd {
namespace {

bool is_digit_byte(char byte) {
    return byte >= '0' && byte <= '9';
}

// Reads from the front of `rest_`. Each function takes what it is named after, or returns false and
// leaves the rest in some state: then the whole text is wrong.
class Parser {
  public:
    explicit Parser(std::string_view text) : rest_(text) {}

    bool whole_text(Json& value) {
        if (!this->value(value, 1)) return false;
        skip_spaces();
        return rest_.empty();
    }

  private:
    bool value(Json& value, std::size_t depth) {
        skip_spaces();
        if (rest_.empty() || depth > kJsonDepthMax) return false;
        switch (rest_.front()) {
            case '{': return object(value, depth);
            case '[': return array(value, depth);
            case '"': value.kind = Json::Kind::String; return string(value.string);
            case 't': return boolean(value, "true");
            case 'f': return boolean(value, "false");
            case 'n': return take("null");
            default: return number(value);
        }
    }

    bool object(Json& value, std::size_t depth) {
        value.kind = Json::Kind::Object;
        return list('{', '}', [&] {
            skip_spaces();
            if (!string(value.names.emplace_back())) return false;
            skip_spaces();
            return take(":") && this->value(value.items.emplace_back(), depth + 1);
        });
    }

    bool array(Json& value, std::size_t depth) {
        value.kind = Json::Kind::Array;
        return list('[', ']', [&] { return this->value(value.items.emplace_back(), depth + 1); });
    }

    template <class Element>
    bool list(char begin, char end, Element element) {
        if (!take({&begin, 1})) return false;
        skip_spaces();
        if (take({&end, 1})) return true;
        do {
            if (!element()) return false;
            skip_spaces();
        } while (take(","));
        return take({&end, 1});
    }

    bool boolean(Json& value, std::string_view word) {
        value.kind = Json::Kind::Boolean;
        value.boolean = word == "true";
        return take(word);
    }

    // Section 6: no plus sign, no zero before another digit, no dot without a digit after it.
    bool number(Json& value) {
        const std::string_view begin = rest_;
        (void)take("-");
        if (!take("0") && !digits()) return false;
        if (take(".") && !digits()) return false;
        if (take("e") || take("E")) {
            if (!take("+")) (void)take("-");
            if (!digits()) return false;
        }
        value.kind = Json::Kind::Number;
        const char* const end = begin.data() + (begin.size() - rest_.size());
        // What is too large or too small for a double is left at 0: no number of chatd is.
        return std::from_chars(begin.data(), end, value.number).ptr == end;
    }

    bool digits() {
        const auto end = std::ranges::find_if_not(rest_, is_digit_byte);
        const auto count = static_cast<std::size_t>(end - rest_.begin());
        rest_.remove_prefix(count);
        return count != 0;
    }

    bool string(std::string& out) {
        if (!take("\"")) return false;
        while (!rest_.empty() && rest_.front() != '"') {
            if (rest_.front() == '\\' ? !escape(out) : !character(out)) return false;
        }
        return take("\"");
    }

    bool character(std::string& out) {
        const Decoded next = decode_utf8(rest_);
        if (!next.valid || next.code < ' ') return false;
        out.append(rest_.substr(0, next.bytes));
        rest_.remove_prefix(next.bytes);
        return true;
    }

    bool escape(std::string& out) {
        constexpr std::string_view kLetters = "\"\\/bfnrt";
        constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
        if (take("\\u")) return code_unit_escape(out);
        if (rest_.size() < 2) return false;
        const std::size_t which = kLetters.find(rest_[1]);
        if (which == std::string_view::npos) return false;
        out += kMeanings[which];
        rest_.remove_prefix(2);
        return true;
    }

    // Section 7: what is above U+FFFF is written as two surrogates.
    bool code_unit_escape(std::string& out) {
        char32_t code = 0;
        if (!code_unit(code)) return false;
        const bool is_first = code >= 0xD800 && code < 0xDC00;
        if (is_first && rest_.starts_with("\\u")) {
            const std::string_view before = rest_;
            rest_.remove_prefix(2);
            char32_t second = 0;
            if (!code_unit(second)) return false;
            if (second >= 0xDC00 && second < 0xE000) {
                code = 0x10000 + ((code - 0xD800) << 10) + (second - 0xDC00);
            } else {
                rest_ = before;
            }
        }
        append_utf8(out, code);
        return true;
    }

    bool code_unit(char32_t& code) {
        if (rest_.size() < 4) return false;
        std::uint16_t unit = 0;
        const char* const end = rest_.data() + 4;
        if (std::from_chars(rest_.data(), end, unit, 16).ptr != end) return false;
        rest_.remove_prefix(4);
        code = unit;
        return true;
    }

    bool take(std::string_view word) {
        if (!rest_.starts_with(word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }

    void skip_spaces() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n\r"), rest_.size()));
    }

    std::string_view rest_;
};

}  // namespace

const Json* Json::member(std::string_view name) const {
    const auto found = std::ranges::find(names, name);
    return found == names.end() ? nullptr : &items[static_cast<std::size_t>(found - names.begin())];
}

std::string_view Json::string_at(std::string_view name) const {
    const Json* const found = member(name);
    return found == nullptr ? std::string_view() : found->string;
}

std::int64_t Json::integer_at(std::string_view name) const {
    const Json* const found = member(name);
    if (found == nullptr) return 0;
    constexpr double kBeyond = 9223372036854775808.0;  // 2^63, the first that does not fit
    if (found->number >= kBeyond) return INT64_MAX;
    if (found->number <= -kBeyond) return INT64_MIN;
    return static_cast<std::int64_t>(found->number);
}

bool Json::flag_at(std::string_view name) const {
    const Json* const found = member(name);
    return found != nullptr && found->boolean;
}

std::vector<std::string> Json::strings_at(std::string_view name) const {
    std::vector<std::string> strings;
    const Json* const found = member(name);
    if (found == nullptr || found->kind != Kind::Array) return strings;
    for (const Json& item : found->items) {
        if (item.kind == Kind::String) strings.push_back(item.string);
    }
    return strings;
}

std::optional<Json> parse_json(std::string_view text) {
    Json value;
    if (text.size() > kJsonBytesMax || !Parser(text).whole_text(value)) return std::nullopt;
    return value;
}

}  // namespace chatd
