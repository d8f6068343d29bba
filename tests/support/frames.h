// Frames as bytes, for tests that send and receive them without a link.
#pragma once

#include <string>
#include <string_view>

#include "protocol/frame.h"
#include "support/expect.h"
#include "support/where.h"

namespace chatd::test {

template <class Body>
std::string framed(const Body& body, std::string_view name = {}, std::string_view text = {}) {
    std::string bytes;
    append_frame(bytes, body, name, text);
    return bytes;
}

// The frame that `bytes` must consist of.
[[nodiscard]] inline Frame frame_of(std::string_view bytes, Where where = Where::here()) {
    const Caller caller(where);
    Frame frame{};
    ASSERT_EQ(take_frame(bytes, frame), FrameStatus::Whole);
    ASSERT_EQ(bytes, "");
    return frame;
}

}  // namespace chatd::test
