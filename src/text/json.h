// JSON (RFC 8259): writing one object. This file must never let a raw control character through:
// whoever reads lines relies on an object having no line end in it.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace chatd {

// Appends `text`, which must be UTF-8, as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

// Appends an object to `out`, member by member; the destructor closes it. `out` outlives this.
class JsonObject {
  public:
    explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }
    JsonObject(const JsonObject&) = delete;
    JsonObject& operator=(const JsonObject&) = delete;
    ~JsonObject() { out_ += '}'; }

    void add(std::string_view name, std::string_view value);
    void add(std::string_view name, bool value);
    template <std::integral Number>
    requires(!std::same_as<Number, bool>) void add(std::string_view name, Number value) {
        begin(name);
        out_ += std::to_string(value);
    }
    void add(std::string_view name, const char* value) { add(name, std::string_view(value)); }

    // An array of strings; add_words() makes one of words with a space between two.
    template <class Strings>
    void add_list(std::string_view name, const Strings& strings) {
        begin(name);
        char separator = '[';
        for (const std::string_view string : strings) {
            out_ += std::exchange(separator, ',');
            append_json_string(out_, string);
        }
        out_ += separator == '[' ? "[]" : "]";
    }
    void add_words(std::string_view name, std::string_view words);

    // A value that is JSON already.
    void add_json(std::string_view name, std::string_view json) {
        begin(name);
        out_ += json;
    }

  private:
    void begin(std::string_view name);

    std::string& out_;
    bool is_empty_ = true;
};

}  // namespace chatd
