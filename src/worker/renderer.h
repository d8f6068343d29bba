// What a client is shown, in its tongue: a function for each thing that it may be told. The tongue
// plain (worker/plain_renderer) writes lines for people, json (worker/json_renderer) objects for
// programs.
//
// A renderer knows how a thing looks; it must never ask what else is going on in the conversation.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/rate_limiter.h"
#include "protocol/frame.h"
#include "protocol/worker_exit.h"
#include "text/catalogue.h"
#include "text/encoding.h"
#include "worker/ps_table.h"

namespace chatd {

class Renderer {
  public:
    Renderer() = default;
    Renderer(const Renderer&) = delete;
    Renderer& operator=(const Renderer&) = delete;
    virtual ~Renderer() = default;

    // The conversation begins, or goes on, in this tongue. name: the client's; empty: none yet.
    virtual void hello(const Limits& limits, std::string_view name) = 0;

    // The client is to tell a name. Its next line begins behind a prompt, if the tongue has one;
    // leave_prompt(): something else is shown first.
    virtual void prompt() = 0;
    virtual void leave_prompt() = 0;

    // A hint, an answer to a command, or what is wrong with it.
    virtual void line(Text text, std::initializer_list<std::string_view> fillings = {}) = 0;
    virtual void not_utf8(Encoding encoding) = 0;  // the client's line was in this encoding

    // The client is in the room. names: of the first members, with a space between two.
    virtual void welcome(const Welcome& welcome, std::string_view name, std::string_view names) = 0;

    // What another member did, or a crowd. past: it is replayed. Nothing is shown for Refused and
    // for kinds that this worker does not know. names: the text of the Crowd.
    virtual void event(const Entry& entry, std::string_view name, std::string_view text,
                       bool past) = 0;
    virtual void crowd(const Crowd& crowd, std::string_view names) = 0;
    // Entries were lost to the client. name: its own, which may have changed in one of them.
    virtual void gap(const Gap& gap, std::string_view name) = 0;

    // What the client itself did is in the log. to: whom it told something, as it wrote that.
    virtual void own(const Entry& entry, std::string_view name, std::string_view text,
                     std::string_view to) = 0;

    // The end of a replay, or of the answer to a question: frames of People and Person, or Replay.
    // left_out: see Done.
    virtual void answer(std::string_view frames, std::uint32_t left_out) = 0;
    virtual void processes(const ProcessAnswer& answer) = 0;

    // Nothing is shown from now on.
    virtual void end(WorkerExit exit) = 0;
};

}  // namespace chatd
