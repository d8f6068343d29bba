#include "broker/link.h"

#include <sys/uio.h>

#include <array>
#include <optional>

#include "base/check.h"

namespace chatd {
namespace {

constexpr std::size_t kPiecesMax = 32;  // as many as a reader hands over at once

IoResult send_pieces(int fd, std::span<const Piece> pieces) {
    if (pieces.size() == 1) return send_some(fd, pieces[0].bytes);
    CHATD_CHECK(pieces.size() <= kPiecesMax);
    std::array<iovec, kPiecesMax> vectors;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        // sendmsg(2) only reads; its struct has no const.
        vectors[i] = {const_cast<char*>(pieces[i].bytes.data()), pieces[i].bytes.size()};
    }
    return send_some(fd, std::span(vectors).first(pieces.size()));
}

}  // namespace

bool Link::read(std::span<char> buffer, const std::function<bool(const Frame&)>& take) {
    const IoResult got = receive(fd(), buffer);
    if (got.status != IoStatus::Done) return got.status == IoStatus::WouldBlock;
    return frames_.read({buffer.data(), got.bytes}, take);
}

bool Link::flush(const Log& log, Crowds& crowds, const LogReader::Standing& standing) {
    const auto send = [this](std::span<const Piece> pieces) -> std::optional<std::size_t> {
        const IoResult sent = send_pieces(fd(), pieces);
        if (sent.status == IoStatus::Closed) return std::nullopt;
        return sent.bytes;
    };
    return worker.reader.flush(log, crowds, standing, send);
}

}  // namespace chatd
