#include "chaos/tongue.h"

#include <stdexcept>
#include <utility>

#include "support/websocket.h"

namespace chatd::test {
namespace {

std::string left(const Json& event) {
    const std::string_view reason = event.string_at("reason");
    const std::string_view words = event.string_at("words");
    const std::string line = std::string(event.string_at("name")) + " left the chat room";
    if (!words.empty()) return line + ": " + std::string(words);
    if (reason == "quit") return line;
    if (reason == "lost") return line + " (connection lost)";
    if (reason == "killed") {
        return line + " (killed by signal " + std::to_string(event.integer_at("detail")) + ')';
    }
    return line + " (" + std::string(reason) + ')';
}

// The line for an event, without its time; empty: plain shows nothing of it.
std::string line_of(const Json& object) {
    const std::string_view type = object.string_at("type");
    const std::string name(object.string_at("name"));
    const std::string text(object.string_at("text"));
    if (type == "welcome") return "Welcome, " + name + ".\nwho is here.";
    if (type == "join") return name + " entered the chat room";
    if (type == "leave") return left(object);
    if (type == "say") return name + " says: " + text;
    if (type == "emote") return "* " + name + ' ' + text;
    if (type == "tell") return name + " tells you: " + text;
    if (type == "rename") return name + " is now called " + std::string(object.string_at("to"));
    if (type == "who") return std::to_string(object.integer_at("members")) + " people are here:";
    if (type == "person") return "  " + name;
    if (type == "notice" || type == "error") return text;
    if (type == "closing") return "The server is shutting down. Goodbye.";
    if (type == "hello" || type == "name?" || type == "past" || type == "end") return {};
    return "an object " + std::string(type);
}

std::string line_of(std::string_view object) {
    const auto json = parse_json(object);
    if (!json) throw std::runtime_error("no object: " + std::string(object));
    if (json->flag_at("own")) return {};
    const std::string line = line_of(*json);
    if (line.empty()) return {};
    return (json->flag_at("past") ? "[past] " : "") + line + '\n';
}

}  // namespace

std::string Tongue::encoded(std::string_view lines) {
    if (kind_ == Kind::Plain) return std::string(lines);
    std::string bytes;
    if (!std::exchange(has_begun_, true)) {
        bytes = kind_ == Kind::Json ? "/json\n" : bytes_of(handshake(), port_);
    }
    if (kind_ == Kind::Json) return bytes.append(lines);
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        bytes += bytes_of({.payload = std::string(line)});
        lines.remove_prefix(line.size() + 1);
    }
    return bytes;
}

std::string Tongue::decoded(std::string_view bytes) {
    if (kind_ == Kind::Plain) return std::string(bytes);
    unread_.append(bytes);
    std::string lines;
    for (std::string object; take_object(object);) lines += line_of(object);
    return lines;
}

// An object is a line, or the text in a frame. Pings need no answer within the time of a run, and
// nothing comes behind a close.
bool Tongue::take_object(std::string& object) {
    if (kind_ == Kind::Json) {
        const std::size_t end = unread_.find('\n');
        if (end == std::string::npos) return false;
        object = unread_.substr(0, end);
        unread_.erase(0, end + 1);
        return true;
    }
    if (!is_open_) {
        const std::size_t end = unread_.find("\r\n\r\n");
        if (end == std::string::npos) return false;
        if (!unread_.starts_with("HTTP/1.1 101 "))
            throw std::runtime_error("no WebSocket: " + unread_);
        unread_.erase(0, end + 4);
        is_open_ = true;
    }
    while (unread_.size() >= 4) {
        const auto byte = [this](std::size_t at) {
            return static_cast<unsigned char>(unread_[at]);
        };
        const std::size_t head = byte(1) == 126 ? 4 : 2;
        const std::size_t size = head == 4 ? byte(2) * 256U + byte(3) : byte(1);
        if (size > 4096 * 4) throw std::runtime_error("no frame of chatd");
        if (unread_.size() < head + size) return false;
        const bool is_text = byte(0) == 0x81;
        object = unread_.substr(head, size);
        unread_.erase(0, head + size);
        if (is_text) return true;
    }
    return false;
}

}  // namespace chatd::test
