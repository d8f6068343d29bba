#include "chat/outbox.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/bounds.h"
#include "text/clean.h"

namespace chatd {
namespace {

// What the server takes for a private line or for the end: see worker/command_parser.cc.
constexpr std::array kPrivate = {"/msg", "/r",  "/w",     "/whisper", "/tell",
                                 "/pm",  "/dm", "/query", "/privmsg", "/reply"};
constexpr std::array kQuit = {"/quit", "/exit", "/bye", "/q", "/leave", "/part"};

std::string first_word(std::string_view line) {
    std::string word(line.substr(0, line.find(' ')));
    for (char& c : word) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return word;
}

// What others read of a line.
struct Words {
    std::string text;
    bool is_emote;
    bool operator==(const Words&) const = default;
};

Words words_read(std::string_view line) {
    const std::string clean = clean_text(line);
    std::string_view text = trim(clean);
    const bool is_emote = first_word(text) == "/me";
    if (is_emote) text = trim(text.substr(3));
    if (text.starts_with("//")) text.remove_prefix(1);
    return {std::string(text), is_emote};
}

}  // namespace

LineKind kind_of(std::string_view line) {
    const std::string word = first_word(trim(line));
    if (!word.starts_with('/') || word.starts_with("//") || word == "/me") return LineKind::Said;
    if (std::ranges::find(kPrivate, word) != kPrivate.end()) return LineKind::Private;
    if (std::ranges::find(kQuit, word) != kQuit.end()) return LineKind::Quit;
    return LineKind::Command;
}

bool Outbox::add(std::string line) {
    if (lines_.size() >= kOutboxLinesMax) return false;
    const LineKind kind = kind_of(line);
    lines_.push_back({std::move(line), kind});
    return true;
}

std::optional<std::string> Outbox::take_next(std::uint64_t number) {
    const auto next = std::ranges::find(lines_, 0U, &Line::number);
    if (next == lines_.end()) return std::nullopt;
    std::string text = next->text;
    next->number = number;
    next->was_sent = true;
    if (next->kind == LineKind::Command || next->kind == LineKind::Quit) lines_.erase(next);
    return text;
}

bool Outbox::settled(std::uint64_t number) {
    return number != 0 &&
           std::erase_if(lines_, [number](const Line& line) { return line.number == number; }) != 0;
}

std::vector<std::string> Outbox::cut_off() {
    std::vector<std::string> unsure;
    std::erase_if(lines_, [&unsure](Line& line) {
        line.number = 0;
        const bool is_unsure = line.was_sent && line.kind == LineKind::Private;
        if (is_unsure) unsure.push_back(std::move(line.text));
        return is_unsure;
    });
    return unsure;
}

void Outbox::found(std::string_view text, bool is_emote) {
    const Words words{std::string(trim(text)), is_emote};
    const auto said = std::ranges::find_if(lines_, [&](const Line& line) {
        return line.was_sent && line.kind == LineKind::Said && words_read(line.text) == words;
    });
    if (said != lines_.end()) lines_.erase(said);
}

std::size_t Outbox::waiting() const {
    return static_cast<std::size_t>(std::ranges::count_if(lines_, [](const Line& line) {
        return line.kind == LineKind::Said || line.kind == LineKind::Private;
    }));
}

}  // namespace chatd
