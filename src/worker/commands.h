// The commands: does what a parsed command asks for, with the uplink and the screen. Saying a line
// and leaving are no commands here, because they change what the conversation does next.
//
// This file must never do anything for a client that is not in the room.
#pragma once

#include <string>
#include <string_view>

#include "protocol/frame.h"
#include "text/name.h"
#include "worker/command.h"
#include "worker/screen.h"
#include "worker/uplink.h"

namespace chatd {

class Commands {
  public:
    Commands(Uplink& uplink, Screen& screen) : uplink_(uplink), screen_(screen) {}

    // command: neither Say nor Quit. own_name: the client's name.
    void obey(const Command& command, std::string_view own_name);

    // Follows what other members do, so that /r answers the sender of the last private line, also
    // after a rename, and never somebody who takes that name later.
    void happened(const Entry& entry, std::string_view name, std::string_view text);
    void happened(const Crowd& crowd, std::string_view names);

  private:
    void emote(std::string_view text);
    void send_private(std::string_view argument);
    void reply(std::string_view text);
    void rename(std::string_view name, std::string_view own_name);
    void ask_who(std::string_view prefix);
    void ask_history(std::string_view argument);
    void show_times(std::string_view argument);
    void explain_unknown(std::string_view word);

    Uplink& uplink_;
    Screen& screen_;
    std::string correspondent_;  // the name of whom /r answers; empty: nobody
};

// /lang, which works before a client has told its name too.
void choose_language(Screen& screen, std::string_view code);

[[nodiscard]] Text text_for(NameFault fault);

}  // namespace chatd
