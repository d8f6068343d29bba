// Fuzz target: the keys of a terminal, the line that they edit, and the row in which it is drawn.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bounds.h"
#include "chat/completion.h"
#include "chat/editor.h"
#include "chat/input_history.h"
#include "chat/input_row.h"
#include "chat/keys.h"
#include "fuzz/claim.h"
#include "fuzz/script.h"
#include "fuzz/targets.h"
#include "text/clean.h"
#include "text/cluster.h"
#include "text/utf8.h"
#include "text/width.h"

namespace chatd::fuzz {
namespace {

// A key takes time in proportion to the line, and so do the claims: more keys find nothing more.
constexpr std::size_t kPressesMax = 200;

// --- Keys

using Keys = std::vector<KeyPress>;

void claim_press(const KeyPress& press) {
    const bool has_text =
        press.key == Key::Text || press.key == Key::Paste || press.key == Key::Background;
    if (press.key == Key::Background) (void)is_light(press.text);
    CLAIM(has_text || press.text.empty());
    CLAIM(press.text.size() <= kPasteBytesMax + 1);
    if (press.key == Key::Paste) CLAIM(press.text.find('\r') == std::string::npos);
    if (press.key != Key::Text) return;
    CLAIM(!press.text.empty());
    for (std::string_view rest = press.text; !rest.empty();) {
        const Decoded next = decode_utf8(rest);
        CLAIM(next.valid && next.code >= 0x20 && next.code != 0x7F);
        rest.remove_prefix(next.bytes);
    }
}

// How much text comes at once depends on the pieces, and nothing else does.
void take(KeyReader& reader, Keys& keys) {
    while (auto press = reader.next()) {
        claim_press(*press);
        if (press->key == Key::Text && !keys.empty() && keys.back().key == Key::Text) {
            keys.back().text += press->text;
        } else {
            keys.push_back(std::move(*press));
        }
    }
}

Keys finish(KeyReader& reader, Keys keys) {
    take(reader, keys);
    reader.give_up_waiting();
    take(reader, keys);
    CLAIM(!reader.is_waiting());
    return keys;
}

Keys keys_of(std::string_view bytes) {
    KeyReader reader;
    reader.add(bytes);
    return finish(reader, {});
}

Keys keys_in_pieces(std::string_view bytes, std::uint32_t seed) {
    KeyReader reader;
    Keys keys;
    for_each_piece(bytes, seed, [&](std::string_view piece) {
        reader.add(piece);
        take(reader, keys);
    });
    return finish(reader, std::move(keys));
}

// --- Editing

void claim_row(const Editor& editor, std::size_t columns) {
    const std::string bytes = draw({"> ", editor.line(), editor.cursor(), columns});
    CLAIM(bytes.starts_with('\r'));
    const std::string seen = clean_text(bytes);  // without what controls the terminal
    CLAIM(columns < kInputColumnsMin || columns_of(seen) < columns);
}

void claim_completion(const Editor& editor) {
    const std::string_view before = std::string_view(editor.line()).substr(0, editor.cursor());
    const Completion completion = complete(before, {"Alice", "小明", "小红"}, {"/help", "/me"});
    CLAIM(completion.bytes <= before.size());
    // A word is replaced by a text, never erased.
    CLAIM(completion.bytes == 0 || !completion.common.empty());
    if (completion.candidates.empty()) CLAIM(completion.bytes == 0 && completion.common.empty());
}

void claim_editor(const Editor& editor, std::size_t columns) {
    const std::string& line = editor.line();
    CLAIM(line.size() <= kLineBytesMax && is_clean_text(line));
    CLAIM(editor.cursor() <= line.size());
    const std::size_t begin = previous_cluster(line, editor.cursor());
    CLAIM(editor.cursor() == 0 || next_cluster(line, begin) == editor.cursor());
    for (const std::string& pasted : editor.pending_paste()) {
        CLAIM(is_clean_text(pasted) && !is_blank(pasted) && pasted.size() <= kLineBytesMax);
    }
    claim_row(editor, columns);
}

void obey(Editor& editor, InputHistory& history, const KeyPress& press) {
    const std::string line = editor.line();
    const std::size_t cursor = editor.cursor();
    switch (editor.press(press)) {
        case Outcome::Entered: return history.add(editor.take());
        case Outcome::Interrupted: return (void)editor.take();
        case Outcome::Refused:
        case Outcome::Nothing: CLAIM(editor.line() == line && editor.cursor() == cursor); return;
        case Outcome::Ended: CLAIM(line.empty()); return;
        case Outcome::WantsPasteConfirmation: CLAIM(editor.pending_paste().size() >= 2); return;
        default: return;
    }
}

}  // namespace

void fuzz_keys(std::string_view input) {
    Script script(input);
    const std::uint32_t seed = script.byte();
    const std::size_t columns = script.byte();
    const std::string_view bytes = script.rest();

    const Keys keys = keys_of(bytes);
    CLAIM(keys_in_pieces(bytes, seed) == keys);

    InputHistory history = InputHistory::parse("first\n你好 世界\nlast one");
    Editor editor(history);
    for (const KeyPress& press : std::span(keys).first(std::min(keys.size(), kPressesMax))) {
        obey(editor, history, press);
        claim_editor(editor, columns);
        if (press.key == Key::Tab) claim_completion(editor);
    }
    CLAIM(InputHistory::parse(history.serialize()).serialize() == history.serialize());
}

}  // namespace chatd::fuzz
