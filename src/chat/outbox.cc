#include "chat/outbox.h"

#include <algorithm>
#include <utility>

#include "base/bounds.h"
#include "text/clean.h"
#include "text/command_parser.h"

namespace chatd {
namespace {

// What others read of a line.
struct Words {
    std::string text;
    bool is_emote;
    bool operator==(const Words&) const = default;
};

Words words_read(std::string_view line) {
    const std::string clean = clean_text(line);
    const Command command = parse_command(clean);
    return {std::string(trim(command.argument)), command.verb == Verb::Me};
}

}  // namespace

// Somebody may have told the user something, so that "r yes" is an answer that lacks its slash.
LineKind kind_of(std::string_view line) {
    const std::string clean = clean_text(line);
    switch (parse_command(clean, true).verb) {
        case Verb::Say:
        case Verb::SaySlash:
        case Verb::Me: return LineKind::Said;
        case Verb::Msg:
        case Verb::Reply:
        case Verb::Unknown:
        case Verb::InDoubt: return LineKind::Private;
        case Verb::Quit: return LineKind::Quit;
        case Verb::Help:
        case Verb::Who:
        case Verb::Nick:
        case Verb::History:
        case Verb::Time:
        case Verb::Lang:
        case Verb::Ps:
        case Verb::Tree:
        case Verb::Json: return LineKind::Command;
    }
    return LineKind::Private;
}

bool Outbox::add(std::string line) {
    if (lines_.size() >= kOutboxLinesMax) return false;
    const LineKind kind = kind_of(line);
    lines_.push_back({std::move(line), kind});
    return true;
}

std::optional<std::string> Outbox::take_next(std::uint64_t number, std::string_view name) {
    const auto next = std::ranges::find(lines_, 0U, &Line::number);
    if (next == lines_.end()) return std::nullopt;
    next->number = number;
    next->sent_as = name;
    return next->text;
}

void Outbox::settled(std::uint64_t number) {
    if (number == 0) return;
    std::erase_if(lines_, [number](const Line& line) { return line.number == number; });
}

void Outbox::answered(std::uint64_t number) {
    std::erase_if(lines_, [number](const Line& line) {
        const bool is_read = line.kind == LineKind::Said || line.kind == LineKind::Private;
        return !is_read && line.number != 0 && line.number <= number;
    });
}

std::vector<std::string> Outbox::cut_off() {
    std::vector<std::string> unsure;
    std::erase_if(lines_, [&unsure](Line& line) {
        line.number = 0;
        const bool is_forgotten = !line.sent_as.empty() && line.kind != LineKind::Said;
        if (is_forgotten && line.kind == LineKind::Private) unsure.push_back(std::move(line.text));
        return is_forgotten;
    });
    return unsure;
}

void Outbox::found(std::string_view name, std::string_view text, bool is_emote) {
    const Words words{std::string(trim(text)), is_emote};
    const auto said = std::ranges::find_if(lines_, [&](const Line& line) {
        return line.sent_as == name && words_read(line.text) == words;
    });
    if (said != lines_.end()) lines_.erase(said);
}

std::vector<std::string> Outbox::take_unsure() {
    std::vector<std::string> unsure;
    std::erase_if(lines_, [&unsure](Line& line) {
        const bool is_unsure = !line.sent_as.empty();
        if (is_unsure) unsure.push_back(std::move(line.text));
        return is_unsure;
    });
    return unsure;
}

std::size_t Outbox::waiting() const {
    return static_cast<std::size_t>(std::ranges::count_if(lines_, [](const Line& line) {
        return line.kind == LineKind::Said || line.kind == LineKind::Private;
    }));
}

}  // namespace chatd
