#include "chat/input_history.h"

#include <algorithm>
#include <utility>

#include "base/bounds.h"
#include "text/clean.h"

namespace chatd {

InputHistory InputHistory::parse(std::string_view text) {
    InputHistory history;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        history.add(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    history.added_ = 0;
    return history;
}

std::string InputHistory::serialize() const {
    std::string text;
    for (const std::string& line : lines_) text += line + '\n';
    return text;
}

void InputHistory::add(std::string_view line) {
    std::string clean = clean_text(line);
    if (is_blank(clean) || clean.size() > kLineBytesMax) return;
    if (!lines_.empty() && lines_.back() == clean) return;
    bytes_ += clean.size() + 1;
    lines_.push_back(std::move(clean));
    while (lines_.size() > kInputHistoryLines || bytes_ > kInputHistoryBytes) {
        bytes_ -= lines_.front().size() + 1;
        lines_.pop_front();
    }
    added_ = std::min(added_ + 1, lines_.size());
}

}  // namespace chatd
