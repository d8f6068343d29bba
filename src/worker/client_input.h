// Everything that a client sends, whatever its tongue: from bytes to lines. Its first bytes tell
// whether it speaks HTTP, another protocol that is not spoken here, or plain lines.
//
// This file must never look at what a line says, but for a first line /json.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "worker/foreign_protocol.h"
#include "worker/input.h"
#include "worker/telnet.h"
#include "worker/web_input.h"

namespace chatd {

class ClientInput {
  public:
    // `settings` must outlive this object. is_proxied: see WebInput.
    explicit ClientInput(const WebSettings& settings, bool is_proxied = false)
        : settings_(settings), is_proxied_(is_proxied) {}

    // Adds to `lines`, and appends what the client has to be answered to `replies`. Returns the
    // name of the foreign protocol that the bytes show; empty: none.
    std::string_view add(std::string_view bytes, Moment now, std::string& replies);

    // The first line will not come to its end. True: what there is of it begins HTTP, because no
    // name has a space in it.
    [[nodiscard]] bool give_up_first_line() {
        if (first_bytes_.find(' ') == first_bytes_.npos) return false;
        first_bytes_.clear();
        web_ = std::make_unique<WebInput>(settings_, is_proxied_);
        return true;
    }

    // No more bytes will come: what is left is a line.
    void finish();

    // The client has been asked for its name: HTTP would come too late now.
    void expect_lines() { is_plain_ = true; }

    // A program negotiates nothing: a byte 255 of it is no command of telnet.
    void expect_no_telnet() { may_be_telnet_ = false; }

    // The first bytes that have come may be the beginning of HTTP.
    [[nodiscard]] bool may_be_http() const { return !first_bytes_.empty(); }

    // Set once the client has begun to speak HTTP.
    [[nodiscard]] WebInput* web() { return web_.get(); }
    [[nodiscard]] const WebInput* web() const { return web_.get(); }

    // See WebInput; empty: nobody is introduced.
    [[nodiscard]] std::string_view introduces() const {
        return web_ == nullptr ? std::string_view() : web_->introduces();
    }

    LineReader lines;

  private:
    const WebSettings& settings_;
    bool is_proxied_;
    bool is_plain_ = false;
    bool may_be_telnet_ = true;
    std::string first_bytes_;
    std::unique_ptr<WebInput> web_;
    TelnetFilter telnet_;
    ProtocolDetector detector_;
};

}  // namespace chatd
