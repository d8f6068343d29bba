// Requests of HTTP/1.x (RFC 9110, RFC 9112): from bytes, which may come in any pieces, to a
// request. What is read here is only ever the head; bytes behind it are left to the caller.
//
// Strict wherever two readers of the same bytes could disagree about what they say, because a proxy
// may stand in front. This file must never decide what a request is answered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

// Does a client speak HTTP? Its first bytes tell.
enum class LooksLikeHttp : std::uint8_t {
    No,     // whatever follows
    Maybe,  // as far as the bytes go: they may be the beginning of a request
    Yes,    // whatever follows
};

// Yes: a whole first line of a well-known method, a target and a version; also the one that opens
// HTTP/2 (RFC 9113, 3.4). Somebody who types "GET a life" does not speak HTTP. kLineBytesMax bytes
// that are good so far count as a whole line, because no person's line is so long.
[[nodiscard]] LooksLikeHttp looks_like_http(std::string_view first_bytes);

struct HttpRequest {
    std::string method;
    std::string path;       // of the target, as sent: nothing is decoded
    std::string query;      // what follows the question mark
    int minor_version = 1;  // of HTTP/1.x
    std::string host;       // to whom the request goes, with its port if it has one; may be empty

    // The value of a field, without spaces around it; none when the request has no such field. A
    // field that was sent several times is one, with a comma in between (RFC 9110, 5.3). `name`
    // must be in small letters.
    [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const;

    // Is `token` in the list that the field holds? Both must be in small letters; the request may
    // have any.
    [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const;

    struct Field {
        std::string name;  // in small letters
        std::string value;
    };
    std::vector<Field> fields;
};

class HttpReader {
  public:
    enum class Status : std::uint8_t {
        Partial,  // more bytes are needed
        Whole,    // request() is there
        Bad,      // error() says why; nothing more can be read
    };

    // Takes off `bytes` what belongs to the head.
    [[nodiscard]] Status add(std::string_view& bytes);

    [[nodiscard]] const HttpRequest& request() const { return request_; }  // of Whole

    // The status code for Bad: 400, 431 (the head is too big) or 505 (another version).
    [[nodiscard]] int error() const { return error_; }

  private:
    void take_line(std::string_view line);
    void take_request_line(std::string_view line);
    void take_target(std::string_view target);
    void take_field(std::string_view line);
    void finish();
    void refuse(int error);

    HttpRequest request_;
    std::string line_;  // what has come of it
    std::size_t head_bytes_ = 0;
    std::size_t field_lines_ = 0;
    bool is_in_fields_ = false;  // the request line is read
    Status status_ = Status::Partial;
    int error_ = 0;
};

// ASCII letters made small; everything else stays.
[[nodiscard]] std::string in_small_letters(std::string_view text);

}  // namespace chatd
