#include "chat/editor.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/bounds.h"
#include "base/check.h"
#include "text/clean.h"
#include "text/cluster.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace chatd {
namespace {

// The first character of the cluster at byte `at`, which is before the end: it says what kind of
// cluster this is.
char32_t code_at(std::string_view text, std::size_t at) {
    return decode_utf8(text.substr(at)).code;
}

// A word, for the keys that go by words, is what readline takes for one: letters and digits.
bool is_of_word(std::string_view text, std::size_t at) {
    const char32_t code = code_at(text, at);
    return is_letter(code) || is_digit(code);
}

// Where the cluster ends that has the byte before `at`: `at` itself, unless it is inside of one.
std::size_t cluster_end(std::string_view text, std::size_t at) {
    return at == 0 ? 0 : next_cluster(text, previous_cluster(text, at));
}

}  // namespace

Outcome Editor::press(const KeyPress& press) {
    now_ = Deed::Other;
    const auto outcome = search_ ? press_in_search(press) : std::nullopt;
    const Outcome result = outcome ? *outcome : perform(press);
    last_ = now_;
    return result;
}

Outcome Editor::perform(const KeyPress& press) {
    const std::string_view line = line_;
    switch (press.key) {
        case Key::Text: return type(press.text);
        case Key::Paste: return paste(press.text);
        case Key::Left: return move_to(previous_cluster(line, cursor_));
        case Key::Right: return move_to(next_cluster(line, cursor_));
        case Key::WordLeft: return move_to(word_begin());
        case Key::WordRight: return move_to(word_end());
        case Key::Home: return move_to(0);
        case Key::End: return move_to(line.size());
        case Key::Up: return go_to(place_ + 1);
        case Key::Down: return place_ == 0 ? Outcome::Nothing : go_to(place_ - 1);
        case Key::Backspace: return erase(previous_cluster(line, cursor_), cursor_);
        case Key::Delete: return erase(cursor_, next_cluster(line, cursor_));
        case Key::DeleteWordBefore: return kill(word_begin(), cursor_, Side::Before);
        case Key::DeleteToSpace: return kill(spaced_word_begin(), cursor_, Side::Before);
        case Key::DeleteWordAfter: return kill(cursor_, word_end(), Side::Behind);
        case Key::KillToEnd: return kill(cursor_, line.size(), Side::Behind);
        case Key::KillToStart: return kill(0, cursor_, Side::Before);
        case Key::Yank: return insert(killed_);
        case Key::Transpose: return transpose();
        case Key::Undo: return undo();
        case Key::SearchBack: return begin_search();
        case Key::EndOfInput: return end_of_input();
        case Key::Enter: return Outcome::Entered;
        case Key::Interrupt: return Outcome::Interrupted;
        case Key::Redraw: return Outcome::Redraw;
        case Key::Suspend: return Outcome::Suspended;
        case Key::Tab: return Outcome::WantsCompletion;
        case Key::BackTab:
        case Key::Escape:
        case Key::Cancel:
        case Key::PageUp:
        case Key::PageDown:
        case Key::Background:
        case Key::Unknown: return Outcome::Nothing;
    }
    return Outcome::Nothing;
}

std::string Editor::take() {
    end_search();
    undo_.clear();
    drafts_.clear();
    place_ = 0;
    cursor_ = 0;
    last_ = Deed::Other;
    return std::exchange(line_, {});
}

void Editor::set(std::string_view line) {
    end_search();
    remember();
    line_ = cut_utf8(clean_text(line), kLineBytesMax);
    cursor_ = line_.size();
    last_ = Deed::Other;
}

// --- Moving

Outcome Editor::move_to(std::size_t at) {
    return std::exchange(cursor_, at) == at ? Outcome::Nothing : Outcome::Changed;
}

std::size_t Editor::word_end() const {
    std::size_t at = cursor_;
    while (at < line_.size() && !is_of_word(line_, at)) at = next_cluster(line_, at);
    while (at < line_.size() && is_of_word(line_, at)) at = next_cluster(line_, at);
    return at;
}

std::size_t Editor::word_begin() const {
    std::size_t begin = cursor_;
    bool in_word = false;
    while (begin > 0) {
        const std::size_t before = previous_cluster(line_, begin);
        if (in_word && !is_of_word(line_, before)) break;
        in_word = is_of_word(line_, before);
        begin = before;
    }
    return begin;
}

std::size_t Editor::spaced_word_begin() const {
    const std::string_view before = std::string_view(line_).substr(0, cursor_);
    const std::size_t last = before.find_last_not_of(' ');
    if (last == before.npos) return 0;
    return before.find_last_of(' ', last) + 1;  // npos + 1 is 0
}

// --- Changing the line

// The text before the cursor when `text` has taken the place of its last bytes; none when the line
// would be too long. It is cleaned together with what it follows, because that may carry its marks.
std::optional<std::string> Editor::before_cursor_with(std::string_view text,
                                                      std::size_t bytes_replaced) const {
    const std::string_view line = line_;
    std::string before(line.substr(0, cursor_ - bytes_replaced));
    before = clean_text(before.append(text));
    if (before.size() + line.size() - cursor_ > kLineBytesMax) return std::nullopt;
    return before;
}

Outcome Editor::replace_before_cursor(std::size_t bytes, std::string_view with) {
    CHATD_CHECK(bytes <= cursor_);
    const auto before = before_cursor_with(with, bytes);
    if (!before) return Outcome::Refused;
    remember();
    line_.replace(0, cursor_, *before);
    // What was inserted may make one cluster with what stands behind it.
    cursor_ = cluster_end(line_, before->size());
    return Outcome::Changed;
}

Outcome Editor::insert(std::string_view text) {
    const auto before = before_cursor_with(text, 0);
    if (before && before->size() == cursor_) return Outcome::Nothing;
    return replace_before_cursor(0, text);
}

Outcome Editor::type(std::string_view text) {
    const bool goes_on = last_ == Deed::Typed && !undo_.empty() && !begins_step(text);
    const Outcome outcome = insert(text);
    if (outcome == Outcome::Changed && goes_on) undo_.pop_back();
    if (outcome == Outcome::Changed) now_ = Deed::Typed;
    return outcome;
}

Outcome Editor::paste(std::string_view text) {
    if (text.size() > kPasteBytesMax) return Outcome::Refused;
    if (text.find('\n') == text.npos) return insert(text);
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string line = clean_text(text.substr(0, end));
        if (line.size() > kLineBytesMax) return Outcome::Refused;
        if (!is_blank(line)) lines.push_back(std::move(line));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (lines.empty()) return Outcome::Nothing;
    if (lines.size() == 1) return insert(lines.front());
    pasted_ = std::move(lines);
    return Outcome::WantsPasteConfirmation;
}

std::vector<std::string> Editor::take_paste() {
    return std::exchange(pasted_, {});
}

Outcome Editor::erase(std::size_t from, std::size_t to) {
    if (from == to) return Outcome::Nothing;
    remember();
    line_.erase(from, to - from);
    // What stood before and behind may now be one cluster.
    cursor_ = cluster_end(line_, from);
    return Outcome::Changed;
}

// What is killed in a row can be yanked as a whole.
Outcome Editor::kill(std::size_t from, std::size_t to, Side side) {
    if (from == to) return Outcome::Nothing;
    if (last_ != Deed::Killed) killed_.clear();
    killed_.insert(side == Side::Before ? 0 : killed_.size(), line_, from, to - from);
    now_ = Deed::Killed;
    return erase(from, to);
}

// A key that is held to delete a line must not end the program when the line is empty.
Outcome Editor::end_of_input() {
    now_ = Deed::EndOfInput;
    if (line_.empty() && last_ != Deed::EndOfInput) return Outcome::Ended;
    return erase(cursor_, next_cluster(line_, cursor_));
}

// Takes the cluster before the cursor over the one at the cursor; at the end, over the one before.
Outcome Editor::transpose() {
    const std::size_t middle = cursor_ == line_.size() ? previous_cluster(line_, cursor_) : cursor_;
    const std::size_t begin = previous_cluster(line_, middle);
    if (begin == middle) return Outcome::Nothing;
    const std::size_t end = next_cluster(line_, middle);
    remember();
    const std::string taken = line_.substr(begin, middle - begin);
    line_.erase(begin, taken.size()).insert(end - taken.size(), taken);
    cursor_ = cluster_end(line_, end);
    return Outcome::Changed;
}

// --- Undo

// Typing is undone word by word. Input methods hand over Chinese words one by one.
bool Editor::begins_step(std::string_view text) const {
    if (cursor_ == 0 || text.empty() || is_wide(code_at(text, 0))) return true;
    return is_of_word(text, 0) && !is_of_word(line_, previous_cluster(line_, cursor_));
}

void Editor::remember() {
    undo_.push_back({place_, line_, cursor_});
    if (undo_.size() > kUndosMax) undo_.pop_front();
}

// Every line of the history is undone by itself.
Outcome Editor::undo() {
    const auto last = std::find_if(undo_.rbegin(), undo_.rend(),
                                   [&](const Step& step) { return step.place == place_; });
    if (last == undo_.rend()) return Outcome::Nothing;
    line_ = std::move(last->line);
    cursor_ = last->cursor;
    undo_.erase(std::next(last).base());
    return Outcome::Changed;
}

}  // namespace chatd
