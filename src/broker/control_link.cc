#include "broker/control_link.h"

#include <string>
#include <string_view>

#include "base/check.h"
#include "base/fault.h"
#include "sys/fd.h"

namespace chatd {

bool read_control(int control, std::span<char> buffer,
                  const std::function<void(const Frame&)>& obey) {
    const IoResult got = peek(control, buffer);
    if (got.status != IoStatus::Done) return got.status == IoStatus::WouldBlock;
    const std::string received(buffer.data(), got.bytes);
    std::string_view rest = received;
    Frame frame{};
    FrameStatus status;
    while ((status = take_frame(rest, frame)) == FrameStatus::Whole) obey(frame);
    CHATD_CHECK(status == FrameStatus::Partial);
    fault_point("broker:after-control");
    const std::size_t handled = received.size() - rest.size();
    const IoResult taken = receive(control, buffer.first(handled));
    CHATD_CHECK(handled == 0 || taken.bytes == handled);
    return true;
}

}  // namespace chatd
