// The part of the editor that goes to other lines: the history, and the search in it.
#include "chat/editor.h"

#include <string>
#include <utility>

#include "base/bounds.h"
#include "text/clean.h"
#include "text/cluster.h"

namespace chatd {

// --- History

const std::string& Editor::line_at(std::size_t place) const {
    static const std::string kEmpty;
    if (place == place_) return line_;
    if (const auto draft = drafts_.find(place); draft != drafts_.end()) return draft->second;
    return place == 0 ? kEmpty : history_.at(history_.size() - place);
}

// Leaves the line, as it is, for the one at `place`.
void Editor::show(std::size_t place) {
    std::string next = line_at(place);
    const bool is_edited = place_ == 0 || line_ != history_.at(history_.size() - place_);
    if (is_edited)
        drafts_[place_] = std::move(line_);
    else
        drafts_.erase(place_);
    line_ = std::move(next);
    place_ = place;
}

Outcome Editor::go_to(std::size_t place) {
    if (place > history_.size()) return Outcome::Nothing;
    show(place);
    cursor_ = line_.size();
    return Outcome::Changed;
}

// --- Search

Outcome Editor::begin_search() {
    search_ = Search{{}, false};
    search_began_place_ = place_;
    search_began_cursor_ = cursor_;
    return Outcome::Changed;
}

// None: the key has ended the search and does what it always does.
std::optional<Outcome> Editor::press_in_search(const KeyPress& press) {
    switch (press.key) {
        case Key::Text: return extend_search(press.text);
        case Key::SearchBack:
            if (search_->text.empty()) return extend_search(searched_);
            return search_from(place_ + 1);
        case Key::Backspace:
            search_->text.resize(previous_cluster(search_->text, search_->text.size()));
            return search_from(place_);
        case Key::Cancel: return cancel_search();
        case Key::Unknown: return Outcome::Nothing;
        case Key::Escape: end_search(); return Outcome::Changed;
        default: end_search(); return std::nullopt;
    }
}

Outcome Editor::extend_search(std::string_view text) {
    std::string longer = clean_text(search_->text + std::string(text));
    if (longer.size() > kLineBytesMax) return Outcome::Refused;
    search_->text = std::move(longer);
    return search_from(place_);
}

// Looks in the line at `place` and in older ones. One that is just what is shown is no find, except
// where the search stands.
Outcome Editor::search_from(std::size_t place) {
    search_->failed = false;
    if (search_->text.empty()) return Outcome::Changed;
    for (; place <= history_.size(); ++place) {
        const std::string& line = line_at(place);
        const std::size_t found = line.rfind(search_->text);
        if (found == line.npos || (place != place_ && line == line_)) continue;
        if (place != place_) show(place);
        cursor_ = previous_cluster(line_, found + 1);
        return Outcome::Changed;
    }
    search_->failed = true;
    return Outcome::Changed;
}

void Editor::end_search() {
    if (search_ && !search_->text.empty()) searched_ = std::move(search_->text);
    search_.reset();
}

Outcome Editor::cancel_search() {
    end_search();
    if (place_ != search_began_place_) show(search_began_place_);
    cursor_ = search_began_cursor_;
    return Outcome::Changed;
}

}  // namespace chatd
