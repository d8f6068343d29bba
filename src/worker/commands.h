// The commands: what each does with the uplink and the screen. Saying a line, leaving and /json are
// left to the conversation, because they change what it does next.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/frame.h"
#include "text/command_parser.h"
#include "text/name.h"
#include "worker/inquiry.h"
#include "worker/screen.h"
#include "worker/uplink.h"

namespace chatd {

// The units that a command costs the address, besides the one for its line.
[[nodiscard]] std::uint32_t units_of(const Command& command);

// Does what a client in the room asks for; must never be used for a client outside of it.
class Commands {
  public:
    // All must outlive this object.
    Commands(Uplink& uplink, Inquiry& inquiry, Screen& screen)
        : uplink_(uplink), inquiry_(inquiry), screen_(screen) {}

    // Nothing is done for Say, Json and Quit. The command's words must be clean, because they are
    // sent or shown. own_name: the client's name.
    void obey(const Command& command, std::string_view own_name);

    // Follows members, so that /r answers the sender of the last private line, also after a rename,
    // and never somebody who takes that name later. The caller passes every Crowd and live
    // entry of others, and own entries that bring a new name or a private line.
    void follow(const Entry& entry, std::string_view name, std::string_view text);
    void follow(const Crowd& crowd, std::string_view names);

    // Has somebody told the client something, so that /r answers?
    [[nodiscard]] bool may_answer() const { return !correspondent_.empty(); }

    // Entries were lost to the client: /r answers nobody until somebody writes again.
    void forget_correspondent() { correspondent_.clear(); }

  private:
    void send_private(std::string_view argument);
    void reply(std::string_view text);
    void rename(std::string_view argument, std::string_view own_name);
    void ask_history(const std::string& wanted);
    void ask_lookout(Inquiry::Form form, std::string_view prefix);
    void show_times(std::string_view argument);
    void explain(const Command& command);

    Uplink& uplink_;
    Inquiry& inquiry_;
    Screen& screen_;
    std::string correspondent_;  // the name of whom /r answers; empty: nobody
};

// Obeys /lang, which works at the prompt too.
void choose_language(Screen& screen, std::string_view code);

[[nodiscard]] Text text_for(NameFault fault);  // not for None

}  // namespace chatd
