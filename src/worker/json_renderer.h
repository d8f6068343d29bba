// The tongue json: an object for each thing that happens, as chatd-json(7) describes them. Only
// this file knows how such an object looks. What it has written must never change its meaning.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/rate_limiter.h"
#include "worker/renderer.h"
#include "worker/screen.h"

namespace chatd {

class JsonRenderer : public Renderer {
  public:
    // The client's lines are counted from the one after so many. `screen` must outlive this object.
    explicit JsonRenderer(Screen& screen, std::uint64_t lines_before = 0)
        : screen_(screen), lines_before_(lines_before) {}

    void hello(const Limits& limits, std::string_view name) override;
    void prompt() override;
    void leave_prompt() override {}
    void line(Text text, std::initializer_list<std::string_view> fillings) override;
    void not_utf8(Encoding encoding) override;
    void welcome(const Welcome& welcome, std::string_view name, std::string_view names) override;
    void event(const Entry& entry, std::string_view name, std::string_view text,
               bool past) override;
    void crowd(const Crowd& crowd, std::string_view names) override;
    void gap(const Gap& gap, std::string_view name) override;
    void own(const Entry& entry, std::string_view name, std::string_view text,
             std::string_view to) override;
    void answer(std::string_view frames, std::uint32_t left_out) override;
    void processes(const ProcessAnswer& answer) override;
    void end(WorkerExit /*exit*/) override {}

  protected:
    // Sends an object on its way to the client: here as a line.
    virtual void send(std::string_view object);

    [[nodiscard]] Screen& screen() { return screen_; }

  private:
    class Object;

    void entry(const Entry& entry, std::string_view name, std::string_view text,
               std::string_view to, bool past, bool own);
    void show_past(std::string_view state);
    void end_answer(std::string_view of, std::uint32_t left_out);
    void process(const ProcessNews& process);

    Screen& screen_;
    std::uint64_t lines_before_;
    std::string own_name_;     // empty: the client is not in the room
    bool shows_past_ = false;  // between the two objects `past`
};

// The texts that become notices and errors. The name of each in the catalogue, in small letters
// with hyphens, is its code.
[[nodiscard]] std::span<const Text> json_notices();
[[nodiscard]] std::span<const Text> json_errors();

}  // namespace chatd
