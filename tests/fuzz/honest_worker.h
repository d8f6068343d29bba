// A worker without sockets or a clock: a conversation, and what worker/worker.cc does with it. The
// worker claims that its screen and its frames are what a worker may show and send.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/claimed_broker.h"
#include "worker/conversation.h"

namespace chatd::fuzz {

class HonestWorker {
  public:
    HonestWorker(ClaimedBroker& broker, std::int32_t pid, Conversation::Settings settings);

    HonestWorker(const HonestWorker&) = delete;
    HonestWorker& operator=(const HonestWorker&) = delete;

    // --- Its client

    void client_sends(std::string_view bytes);
    void client_finishes();
    void client_is_lost();
    void client_reads();

    // --- Its broker

    // Sends all frames and takes all that the broker has for this worker, over a new link if there
    // is none.
    void exchange();

    // The same, but the link breaks after so many bytes: to the broker, or from the broker.
    void send_and_break(std::size_t bytes);
    void exchange_and_break(std::size_t bytes);

    void break_link();

    // --- Its server

    void is_removed();
    void server_closes();
    void broker_is_silent();
    void gives_back_memory();

    void pass(std::chrono::milliseconds time);

    // The client ends, and broker and worker do their work: claims that the conversation ends soon.
    void claim_end();

    [[nodiscard]] std::optional<WorkerExit> end() const { return conversation_.end(); }
    [[nodiscard]] bool linked() const { return link_.has_value(); }
    [[nodiscard]] const std::string& name() const { return conversation_.name(); }
    [[nodiscard]] std::uint64_t session() const { return link_ ? link_->session : 0; }

  private:
    void open_link();
    void send(std::size_t bytes);
    void take(std::size_t bytes);
    void claim_bounds();
    void claim_screen(std::string_view screen);
    void claim_websocket(std::string_view frames);
    void claim_frames(std::string_view frames);

    ClaimedBroker& broker_;
    std::int32_t pid_;
    Conversation conversation_;
    std::optional<ClaimedBroker::Link> link_;
    FrameReader reader_;
    Moment now_;
    bool finished_ = false;
    std::optional<WorkerExit> end_;
    bool is_web_ = false;  // what is shown are frames of a WebSocket
};

}  // namespace chatd::fuzz
