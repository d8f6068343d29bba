#include "support/reader.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "support/escape.h"
#include "support/wait.h"

namespace chatd::test {

Reader::Reader(Fd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {
    set_nonblocking(fd_.get());
}

std::string Reader::expect(std::string_view text) {
    const Deadline deadline = soon();
    std::size_t searched = 0;
    for (;;) {
        const std::size_t at = unread_.find(text, searched);
        if (at != std::string::npos) return take(at, at + text.size());
        if (unread_.size() >= text.size()) searched = unread_.size() - text.size();
        need_more(escaped(text), deadline);
    }
}

std::string Reader::line() {
    const Deadline deadline = soon();
    for (;;) {
        const std::size_t at = unread_.find('\n');
        if (at != std::string::npos) return take(at, at + 1);
        need_more("a line", deadline);
    }
}

void Reader::expect_line(std::string_view whole) {
    const Deadline deadline = soon();
    while (unread_.find('\n') == std::string::npos) {
        need_more("the line " + escaped(whole), deadline);
    }
    const std::string got = line();
    if (got == whole) return;
    throw std::runtime_error(name_ + ": expected the line " + escaped(whole) + ", got " +
                             escaped(got) + ", then " + escaped(pending()));
}

std::string Reader::bytes(std::size_t count) {
    const Deadline deadline = soon();
    while (unread_.size() < count) need_more(std::to_string(count) + " bytes", deadline);
    return take(count, count);
}

void Reader::expect_eof() {
    const Deadline deadline = soon();
    while (unread_.empty() && !ended_) {
        if (read_once() == Got::Nothing && !wait_for(fd(), POLLIN, deadline)) break;
    }
    if (ended_ && error_ == 0 && unread_.empty()) return;
    std::string got = unread_.empty() ? "nothing" : escaped(pending());
    if (error_ != 0) got += " and " + std::generic_category().message(error_);
    throw std::runtime_error(name_ + ": expected the end, got " + got);
}

std::string Reader::rest() {
    const Deadline deadline = soon();
    while (!ended_) {
        if (read_once() == Got::Nothing && !wait_for(fd(), POLLIN, deadline)) {
            need_more("the end", deadline);
        }
    }
    return std::exchange(unread_, {});
}

bool Reader::quiet() {
    fill();
    return unread_.empty();
}

const std::string& Reader::pending() {
    fill();
    return unread_;
}

bool Reader::fill() {
    while (read_once() == Got::Bytes) {
    }
    return !ended_;
}

Reader::Got Reader::read_once() {
    if (ended_ || !fd_.open()) return Got::End;
    char buffer[64 * 1024];
    const ssize_t count = ::read(fd(), buffer, sizeof buffer);
    if (count > 0) {
        unread_.append(buffer, static_cast<std::size_t>(count));
        return Got::Bytes;
    }
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return Got::Nothing;
    ended_ = true;
    error_ = count < 0 ? errno : 0;
    return Got::End;
}

void Reader::need_more(const std::string& wanted, Deadline deadline) {
    for (;;) {
        const Got got = read_once();
        if (got == Got::Bytes) return;
        std::string reason;
        if (got == Got::End) {
            reason = error_ == 0 ? "the end" : std::generic_category().message(error_);
        } else if (!wait_for(fd(), POLLIN, deadline)) {
            reason = "nothing more in time";
        } else {
            continue;
        }
        throw std::runtime_error(name_ + ": expected " + wanted + ", got " + escaped(unread_) +
                                 ", then " + reason);
    }
}

std::string Reader::take(std::size_t text, std::size_t with) {
    std::string taken = unread_.substr(0, text);
    unread_.erase(0, with);
    return taken;
}

}  // namespace chatd::test
