#include "worker/client_input.h"

#include <utility>

#include "text/command_parser.h"

namespace chatd {

std::string_view ClientInput::add(std::string_view bytes, Moment now, std::string& replies) {
    std::string first;
    if (!is_plain_ && web_ == nullptr) {
        first_bytes_.append(bytes);
        const LooksLikeHttp looks = looks_like_http(first_bytes_);
        if (looks == LooksLikeHttp::Maybe) return {};
        first = std::exchange(first_bytes_, {});
        bytes = first;
        is_plain_ = looks == LooksLikeHttp::No;
        if (!is_plain_) web_ = std::make_unique<WebInput>(settings_, is_proxied_);
    }
    if (web_ != nullptr) {
        web_->add(bytes, now, lines, replies);
        return {};
    }
    std::string text;
    const bool is_first_line = lines.count() == 0;
    if (is_first_line && begins_with_json(std::string(lines.buffered()).append(bytes))) {
        expect_no_telnet();
    }
    if (may_be_telnet_) telnet_.filter(bytes, text, replies);
    if (!may_be_telnet_) text = bytes;
    const std::string_view foreign = detector_.filter(text);
    lines.add(text);
    return foreign;
}

void ClientInput::finish() {
    std::string unused;
    lines.add(std::exchange(first_bytes_, {}));
    lines.add(detector_.finish());
    lines.finish();
}

}  // namespace chatd
