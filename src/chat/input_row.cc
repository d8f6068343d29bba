#include "chat/input_row.h"

#include <algorithm>

#include "base/bounds.h"
#include "text/cluster.h"

namespace chatd {
namespace {

constexpr std::string_view kWrapOff = "\033[?7l";
constexpr std::string_view kWrapOn = "\033[?7h";
constexpr std::string_view kSaveCursor = "\0337";
constexpr std::string_view kRestoreCursor = "\0338";
constexpr std::string_view kEraseRest = "\033[K";

constexpr std::string_view kCutBefore = "<";
constexpr std::string_view kCutBehind = ">";

// Takes the cluster off the front of `text`; returns its columns.
std::size_t take_cluster(std::string_view& text) {
    const std::size_t bytes = next_cluster(text, 0);
    const std::size_t columns = cluster_columns(text.substr(0, bytes));
    text.remove_prefix(bytes);
    return columns;
}

std::size_t columns_needed(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) columns += take_cluster(text);
    return columns;
}

// A part of a text, as it is shown, and its columns.
struct Part {
    std::string text;
    std::size_t columns;
};

// The end of the prompt: what a person is looking for stands there.
Part end_of_prompt(std::string_view prompt, std::size_t columns_max) {
    std::size_t columns = columns_needed(prompt);
    while (columns > columns_max) columns -= take_cluster(prompt);
    return {std::string(prompt), columns};
}

// The text before the cursor, of which the beginning is left out in steps. These are counted from
// the beginning of the line, not from the cursor: a cursor that moves within the part that is shown
// does not move the text.
Part before_cursor(std::string_view text, std::size_t columns_max, std::size_t step) {
    std::size_t columns = columns_needed(text);
    if (columns <= columns_max) return {std::string(text), columns};
    const std::size_t left_max = columns_max - kCutBefore.size();
    while (columns > left_max) {
        for (std::size_t skipped = 0; skipped < step && !text.empty();) {
            const std::size_t cluster = take_cluster(text);
            skipped += cluster;
            columns -= cluster;
        }
    }
    return {std::string(kCutBefore) + std::string(text), kCutBefore.size() + columns};
}

// The text behind the cursor, as far as there is room.
std::string behind_cursor(std::string_view text, std::size_t columns_max) {
    if (columns_needed(text) <= columns_max) return std::string(text);
    std::string_view rest = text;
    std::size_t shown = 0;
    for (std::size_t columns = kCutBehind.size();;) {
        columns += take_cluster(rest);
        if (columns > columns_max) break;
        shown = text.size() - rest.size();
    }
    return std::string(text.substr(0, shown)) + std::string(kCutBehind);
}

}  // namespace

std::string draw(const InputRow& row) {
    std::string bytes = "\r";
    if (row.columns < kInputColumnsMin) return bytes += kEraseRest;
    const std::size_t columns = row.columns - 1;
    const Part prompt = end_of_prompt(row.prompt, columns / 2);
    const std::size_t room = columns - prompt.columns;
    const std::string_view behind = row.line.substr(row.cursor);
    // Who edits in the middle of a line wants to see what follows, and that more follows.
    const std::size_t kept = std::clamp(columns_needed(behind), kCutBehind.size(),
                                        std::max(room / 4, kCutBehind.size()));
    const Part before = before_cursor(row.line.substr(0, row.cursor), room - kept, room / 2);

    bytes += kWrapOff;
    bytes += prompt.text;
    bytes += before.text;
    bytes += kSaveCursor;
    bytes += behind_cursor(behind, room - before.columns);
    bytes += kEraseRest;
    bytes += kRestoreCursor;
    return bytes += kWrapOn;
}

}  // namespace chatd
