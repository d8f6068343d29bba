#include "protocol/frame.h"

#include <utility>

#include "base/check.h"

namespace chatd {
namespace {

// What a frame of one type may hold besides its header.
struct Shape {
    bool known = false;
    std::size_t body_bytes = 0;
    std::size_t name_bytes_max = 0;
    std::size_t text_bytes_max = 0;
};

template <class Body>
Shape shape(std::size_t name_bytes_max = 0, std::size_t text_bytes_max = 0) {
    return {true, kBodyBytes<Body>, name_bytes_max, text_bytes_max};
}

Shape shape_of(FrameType type) {
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
        case FrameType::Pad: break;  // lives in the log only
    }
    return {};
}

}  // namespace

FrameStatus take_frame(std::string_view& bytes, Frame& frame) {
    FrameHeader header;
    if (bytes.size() < sizeof header) return FrameStatus::Partial;
    std::memcpy(&header, bytes.data(), sizeof header);

    const Shape shape = shape_of(header.type);
    const std::size_t fixed_bytes = sizeof header + shape.body_bytes;
    const std::size_t least_bytes = fixed_bytes + header.name_bytes + header.pad_bytes;
    if (!shape.known || header.version != kFrameVersion || header.bytes < least_bytes ||
        header.name_bytes > shape.name_bytes_max || header.pad_bytes > 7 ||
        header.bytes - least_bytes > shape.text_bytes_max) {
        return FrameStatus::Malformed;
    }
    if (bytes.size() < header.bytes) return FrameStatus::Partial;

    frame.type = header.type;
    frame.bytes = bytes.substr(0, header.bytes);
    frame.body = frame.bytes.substr(sizeof header, shape.body_bytes);
    frame.name = frame.bytes.substr(fixed_bytes, header.name_bytes);
    frame.text = frame.bytes.substr(fixed_bytes + header.name_bytes, header.bytes - least_bytes);
    bytes.remove_prefix(header.bytes);
    return FrameStatus::Whole;
}

bool FrameReader::read(std::string_view bytes, const std::function<bool(const Frame&)>& take) {
    std::string joined;
    if (!partial_.empty()) {
        joined = std::exchange(partial_, {});
        joined.append(bytes);
        bytes = joined;
    }
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
                          std::string_view name, std::string_view text, bool aligned) {
    const Shape shape = shape_of(type);
    CHATD_CHECK(shape.known && body.size() == shape.body_bytes);
    CHATD_CHECK(name.size() <= shape.name_bytes_max && text.size() <= shape.text_bytes_max);
    const std::size_t bare_bytes = sizeof(FrameHeader) + body.size() + name.size() + text.size();
    const std::size_t pad_bytes = aligned ? (8 - bare_bytes % 8) % 8 : 0;
    const FrameHeader header{static_cast<std::uint32_t>(bare_bytes + pad_bytes), kFrameVersion,
                             type, static_cast<std::uint8_t>(name.size()),
                             static_cast<std::uint8_t>(pad_bytes)};
    out.append(reinterpret_cast<const char*>(&header), sizeof header);
    out.append(body).append(name).append(text).append(pad_bytes, '\0');
}

}  // namespace chatd
