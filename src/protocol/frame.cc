#include "protocol/frame.h"

#include <optional>
#include <utility>

#include "base/check.h"

namespace chatd {
namespace {

struct Shape {
    std::size_t body_bytes;
    std::size_t name_bytes_max;
    std::size_t text_bytes_max;
};

template <class Body>
Shape shape(std::size_t name_bytes_max = 0, std::size_t text_bytes_max = 0) {
    return {kBodyBytes<Body>, name_bytes_max, text_bytes_max};
}

// The shape of frames of this type; none if nobody may send the type: it is unknown, or Pad.
std::optional<Shape> shape_of(FrameType type) {
    switch (type) {
        case FrameType::Attach: return shape<Attach>(kNameBytesMax, kPeerBytesMax);
        case FrameType::Post: return shape<Post>(kNameBytesMax, kTextBytesMax);
        case FrameType::AskWho: return shape<AskWho>(kNameBytesMax);
        case FrameType::AskReplay: return shape<AskReplay>();
        case FrameType::Welcome: return shape<Welcome>(kNameBytesMax, kTextBytesMax);
        case FrameType::Denied: return shape<Denied>();
        case FrameType::Entry: return shape<Entry>(kNameBytesMax, kTextBytesMax);
        case FrameType::Gap: return shape<Gap>(kNameBytesMax);
        case FrameType::People: return shape<People>(kNameBytesMax);
        case FrameType::Person: return shape<Person>(kNameBytesMax, kPeerBytesMax);
        case FrameType::Replay: return shape<Replay>();
        case FrameType::Done: return shape<Done>();
        case FrameType::Crowd: return shape<Crowd>(0, kTextBytesMax);
        case FrameType::Ended: return shape<Ended>();
        case FrameType::CloseRoom: return shape<CloseRoom>();
        case FrameType::Ping: return shape<Ping>();
        case FrameType::Born: return shape<Born>(0, kPeerBytesMax);
        case FrameType::AskProcesses: return shape<AskProcesses>(kNameBytesMax);
        case FrameType::Processes: return shape<Processes>(kNameBytesMax);
        case FrameType::ProcessRow: return shape<ProcessRow>(kNameBytesMax, kCallBytesMax);
        case FrameType::Pad: break;
    }
    return std::nullopt;
}

bool has_shape(const FrameHeader& header, const Shape& shape) {
    const std::size_t least_bytes =
        sizeof header + shape.body_bytes + header.name_bytes + header.pad_bytes;
    return header.version == kFrameVersion && header.name_bytes <= shape.name_bytes_max &&
           header.pad_bytes <= 7 && header.bytes >= least_bytes &&
           header.bytes - least_bytes <= shape.text_bytes_max;
}

}  // namespace

FrameStatus take_frame(std::string_view& bytes, Frame& frame) {
    FrameHeader header;
    if (bytes.size() < sizeof header) return FrameStatus::Partial;
    std::memcpy(&header, bytes.data(), sizeof header);
    const std::optional<Shape> shape = shape_of(header.type);
    if (!shape || !has_shape(header, *shape)) return FrameStatus::Malformed;
    if (bytes.size() < header.bytes) return FrameStatus::Partial;

    const std::size_t name_at = sizeof header + shape->body_bytes;
    const std::size_t text_at = name_at + header.name_bytes;
    frame.type = header.type;
    frame.bytes = bytes.substr(0, header.bytes);
    frame.body = frame.bytes.substr(sizeof header, shape->body_bytes);
    frame.name = frame.bytes.substr(name_at, header.name_bytes);
    frame.text = frame.bytes.substr(text_at, header.bytes - header.pad_bytes - text_at);
    bytes.remove_prefix(header.bytes);
    return FrameStatus::Whole;
}

bool FrameReader::read(std::string_view bytes, const std::function<bool(const Frame&)>& take) {
    std::string joined = std::exchange(partial_, {});
    if (!joined.empty()) bytes = joined.append(bytes);
    for (Frame frame{};;) {
        const FrameStatus status = take_frame(bytes, frame);
        if (status == FrameStatus::Malformed) return false;
        if (status == FrameStatus::Partial) break;
        if (!take(frame)) return false;
    }
    partial_ = bytes;
    return true;
}

void detail::append_frame(std::string& out, FrameType type, std::string_view body,
                          std::string_view name, std::string_view text) {
    const std::optional<Shape> shape = shape_of(type);
    CHATD_CHECK(shape && body.size() == shape->body_bytes);
    CHATD_CHECK(name.size() <= shape->name_bytes_max && text.size() <= shape->text_bytes_max);
    const std::size_t bare_bytes = sizeof(FrameHeader) + body.size() + name.size() + text.size();
    // The log keeps its entries on multiples of 8 bytes.
    const std::size_t pad_bytes = type == FrameType::Entry ? (8 - bare_bytes % 8) % 8 : 0;
    const FrameHeader header{.bytes = static_cast<std::uint32_t>(bare_bytes + pad_bytes),
                             .version = kFrameVersion,
                             .type = type,
                             .name_bytes = static_cast<std::uint8_t>(name.size()),
                             .pad_bytes = static_cast<std::uint8_t>(pad_bytes)};
    out.append(reinterpret_cast<const char*>(&header), sizeof header);
    out.append(body).append(name).append(text).append(pad_bytes, '\0');
}

}  // namespace chatd
