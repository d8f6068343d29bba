// Frames: how worker, broker and parent pack what they say (protocol/body) to each other over
// AF_UNIX stream sockets. A frame is a header, a body whose size follows from the frame's type, a
// name, a text and a few pad bytes. The length comes first, and is compared with the limits of the
// type before anything else is believed. A log entry is a frame too, so the broker sends it as it
// lies in the log. Numbers are in the byte order of the machine, because both ends run on it.
//
// This file must never trust a length, and never look at what a text says.
#pragma once

#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/bounds.h"
#include "protocol/body.h"

namespace chatd {

// The version must change with the layout of a frame, and a running server cannot be upgraded to a
// program with another one. A frame of another version is malformed.
inline constexpr std::uint8_t kFrameVersion = 1;

struct FrameHeader {
    std::uint32_t bytes;  // of the whole frame, including this header
    std::uint8_t version;
    FrameType type;
    std::uint8_t name_bytes;
    std::uint8_t pad_bytes;  // zeros after the text, at most 7
};
static_assert(sizeof(FrameHeader) == 8);
static_assert(kNameBytesMax <= UINT8_MAX, "name_bytes is one byte");
static_assert(sizeof(FrameHeader) + sizeof(Entry) + kNameBytesMax + kTextBytesMax + 8 <=
              kFrameBytesMax);

// The requests that an honest worker may have saved up and then sends at once, beyond its rate of
// lines, after the broker was away or its client did not read: as many of the shortest Posts as it
// keeps unacknowledged, and some other frames. A worker that sends more at once breaks the rules.
inline constexpr std::uint32_t kRequestsSavedUp =
    kUnackedBytesMax / (sizeof(FrameHeader) + sizeof(Post) + 1) + 16;

// Bytes of a body on the wire. An empty struct has a size in C++, and none there.
template <class Body>
inline constexpr std::size_t kBodyBytes = std::is_empty_v<Body> ? 0 : sizeof(Body);

// A whole and well-formed frame. It owns nothing: it is valid as long as the bytes it was found in.
struct Frame {
    FrameType type;
    std::string_view bytes;  // the whole frame
    std::string_view body;
    std::string_view name;
    std::string_view text;

    // The body as a struct, which must be that of `type`.
    template <class Body>
    Body as() const {
        Body value{};
        std::memcpy(&value, body.data(), kBodyBytes<Body>);
        return value;
    }
};

enum class FrameStatus : std::uint8_t {
    Whole,      // a frame was taken
    Partial,    // more bytes are needed, of at most kFrameBytesMax; nothing was taken
    Malformed,  // the sender is broken or hostile: end the link
};

// Takes the first frame off `bytes`. If none is Whole, neither `bytes` nor `frame` changes.
[[nodiscard]] FrameStatus take_frame(std::string_view& bytes, Frame& frame);

// Takes frames out of bytes that arrive in pieces of any size.
class FrameReader {
  public:
    // Hands every whole frame to `take`, in order, and keeps the beginning of the next one. False:
    // end the link, because a frame was malformed or `take` returned false.
    [[nodiscard]] bool read(std::string_view bytes, const std::function<bool(const Frame&)>& take);

    // Forgets the beginning that was kept: the next bytes come over another link.
    void clear() { partial_.clear(); }

  private:
    std::string partial_;
};

namespace detail {
void append_frame(std::string& out, FrameType type, std::string_view body, std::string_view name,
                  std::string_view text);
}

// Appends one frame to `out`. A name or text that the type does not allow ends the process.
template <class Body>
void append_frame(std::string& out, const Body& body, std::string_view name = {},
                  std::string_view text = {}) {
    static_assert(std::is_empty_v<Body> || std::has_unique_object_representations_v<Body>,
                  "hidden padding would be sent");
    detail::append_frame(out, Body::kType, {reinterpret_cast<const char*>(&body), kBodyBytes<Body>},
                         name, text);
}

}  // namespace chatd
