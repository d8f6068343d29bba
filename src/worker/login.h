// The login: from the first byte of a client until it has given a name that will do. Whether a good
// name is still free is for the room to say. Browsers, scanners and proxies also connect to an open
// port and speak first: the login says that it does not speak their protocol, and does not take
// what they say for a name.
//
// This file must never send anything to the broker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "worker/commands.h"
#include "worker/input.h"
#include "worker/screen.h"

namespace chatd {

class Login {
  public:
    // `screen` must outlive this object.
    explicit Login(Screen& screen) : screen_(screen) {}

    enum class Step : std::uint8_t {
        Waits,        // the prompt is shown again
        WantsJson,    // the client has said /json
        NameRefused,  // the same; what the client has sent behind the name must not be read
        NameGiven,    // name() is good
        Quit,         // the client has said /quit, or has tried too often
        Refused,      // the client speaks another protocol
    };

    // Handles a line at the prompt: a name, or one of the commands that need none. The screen says
    // what is wrong with it. refuse_taken_name(): the room says that name() is taken. With
    // kLoginAttemptsMax bad or taken names the client has tried too often.
    [[nodiscard]] Step handle_line(const LineReader::Line& line);
    [[nodiscard]] Step refuse_taken_name() { return refuse_name(Text::NameTaken, {name_}); }
    [[nodiscard]] Step refuse_protocol(std::string_view protocol);  // always Refused

    // The last good name; empty: there was none yet.
    [[nodiscard]] const std::string& name() const { return name_; }

  private:
    [[nodiscard]] Step obey(const Command& command);
    [[nodiscard]] Step refuse_name(Text reason,
                                   std::initializer_list<std::string_view> fillings = {});

    Screen& screen_;
    std::string name_;
    int attempts_ = 0;
};

}  // namespace chatd
