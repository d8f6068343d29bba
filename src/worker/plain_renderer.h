// The tongue plain: lines for a person at a terminal, in the person's language. Only this file
// knows how such a line looks.
#pragma once

#include <string>

#include "worker/renderer.h"
#include "worker/screen.h"

namespace chatd {

class PlainRenderer final : public Renderer {
  public:
    explicit PlainRenderer(Screen& screen) : screen_(screen) {}  // must outlive this object

    void hello(const Limits& /*limits*/, std::string_view /*name*/) override {}
    void prompt() override;
    void leave_prompt() override { screen_.out += '\n'; }

    // Hints are wrapped for a terminal of 80 columns.
    void line(Text text, std::initializer_list<std::string_view> fillings) override;
    void not_utf8(Encoding encoding) override;
    void welcome(const Welcome& welcome, std::string_view name, std::string_view names) override;
    void event(const Entry& entry, std::string_view name, std::string_view text,
               bool past) override;
    void crowd(const Crowd& crowd, std::string_view names) override;
    void gap(const Gap& gap, std::string_view name) override;

    // The client has seen what it typed: it is shown a new name, and what it told itself.
    void own(const Entry& entry, std::string_view name, std::string_view text,
             std::string_view to) override;
    void answer(std::string_view frames, std::uint32_t left_out) override;
    void processes(const ProcessAnswer& answer) override;
    void end(WorkerExit /*exit*/) override {}

  private:
    // What happens in the room has one line, however long.
    void event_line(Text text, std::initializer_list<std::string_view> fillings = {});
    void begin_event(std::int64_t time_ms, bool past);
    void left(const Entry& entry, std::string_view name, std::string_view words);
    void some(Text few, Text many, std::uint32_t people, std::string_view names,
              std::string_view why);
    void who_heading(const People& people, std::string_view prefix);  // see People
    void ps_heading(const ProcessAnswer& answer);
    [[nodiscard]] std::string with_commas(std::string_view names) const;
    [[nodiscard]] std::string listed(std::string_view names) const;
    [[nodiscard]] std::string reason(LeaveReason reason, std::uint8_t detail) const;
    [[nodiscard]] std::string filled(Text text, std::string_view filling) const;
    [[nodiscard]] std::string clock(std::int64_t time_ms) const;

    Screen& screen_;
};

}  // namespace chatd
