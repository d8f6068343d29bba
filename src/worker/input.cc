#include "worker/input.h"

#include <algorithm>
#include <utility>

#include "base/bounds.h"

namespace chatd {
namespace {

constexpr std::string_view kEnds("\n\0", 2);  // what lines end with

struct End {
    std::size_t at;
    std::size_t bytes;  // 0: none found, and `at` is behind the last byte
};

End find_end(std::string_view bytes, std::size_t from) {
    for (std::size_t at = from; (at = bytes.find_first_of(kEnds, at)) != bytes.npos; ++at) {
        const bool after_return = at > 0 && bytes[at - 1] == '\r';
        if (after_return) return {at - 1, 2};
        if (bytes[at] == '\n') return {at, 1};
    }
    return {bytes.size(), 0};
}

}  // namespace

void LineReader::add(std::string_view bytes) {
    buffer_.erase(0, begin_);
    begin_ = 0;
    buffer_.append(bytes);
}

void LineReader::drop() {
    if (skipping_) skip_refused();
    for (End end{}; (end = find_end(buffered(), 0)).bytes != 0; ++count_)
        begin_ += end.at + end.bytes;
    clear();
}

void LineReader::drop_unfinished() {
    const std::size_t end = buffered().find_last_of(kEnds);
    buffer_.resize(begin_ + (end == std::string_view::npos ? 0 : end + 1));
    searched_ = std::min(searched_, buffered().size());
}

void LineReader::clear() {
    if (buffer_.capacity() > kEmptyBufferBytesMax) buffer_ = {};
    buffer_.clear();
    begin_ = 0;
    searched_ = 0;
}

std::optional<LineReader::Line> LineReader::next() {
    if (skipping_) skip_refused();
    if (skipping_) return std::nullopt;
    const End end = find_end(buffered(), searched_);
    // One byte more is allowed while there is no end: it may be the CR of a line that just fits.
    if (end.at > kLineBytesMax + (end.bytes == 0 && !finished_ ? 1 : 0)) {
        skip_refused();
        ++count_;
        return Line{{}, true};
    }
    const bool is_last = finished_ && !buffered().empty();
    if (end.bytes != 0 || is_last) {
        ++count_;
        return Line{take(end.at, end.bytes), false};
    }
    searched_ = end.at;
    return std::nullopt;
}

// Throws away what there is of a refused line, with its end if that has come.
void LineReader::skip_refused() {
    const End end = find_end(buffered(), 0);
    skipping_ = end.bytes == 0;
    if (!skipping_) return (void)take(end.at, end.bytes);
    const bool end_may_follow = buffered().ends_with('\r');
    clear();
    if (end_may_follow) buffer_ = "\r";
}

std::string LineReader::take(std::size_t bytes, std::size_t end_bytes) {
    std::string line(buffered().substr(0, bytes));
    begin_ += bytes + end_bytes;
    searched_ = 0;
    if (buffered().empty()) clear();
    return line;
}

}  // namespace chatd
