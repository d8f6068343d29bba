// The broker's end of its link to the parent. A frame is taken off the link only when it has been
// handled: if the broker dies in between, the next broker finds the frame there.
#pragma once

#include <functional>
#include <span>

#include "protocol/frame.h"

namespace chatd {

// Hands every whole frame that has come to `obey`, which may use `buffer` itself. The parent is
// trusted: a malformed frame is our bug. False: the parent has closed the link.
[[nodiscard]] bool read_control(int control, std::span<char> buffer,
                                const std::function<void(const Frame&)>& obey);

}  // namespace chatd
