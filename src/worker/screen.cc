#include "worker/screen.h"

#include "worker/plain_renderer.h"

namespace chatd {

Screen::Screen(Language language, UtcOffset utc_offset)
    : renderer_(std::make_unique<PlainRenderer>(*this)),
      language_(language),
      utc_offset_(utc_offset) {}

void Screen::explain_encoding(std::string_view line) {
    if (encoding_explained_ || encoding_of(line) == Encoding::Utf8) return;
    encoding_explained_ = true;
    renderer_->not_utf8(encoding_of(line));
}

}  // namespace chatd
