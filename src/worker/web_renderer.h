// The renderer of the tongue web: the objects of json, each in a text frame of the WebSocket. While
// there is no WebSocket, nothing is shown; but a request that has no answer yet gets one at the
// end.
#pragma once

#include "worker/json_renderer.h"
#include "worker/web_input.h"

namespace chatd {

class WebRenderer final : public JsonRenderer {
  public:
    // Both must outlive this object.
    WebRenderer(Screen& screen, const WebInput& input) : JsonRenderer(screen), input_(input) {}

    void end(WorkerExit exit) override;

  protected:
    void send(std::string_view object) override;

  private:
    const WebInput& input_;
};

}  // namespace chatd
