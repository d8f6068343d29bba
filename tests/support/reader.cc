#include "support/reader.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
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

std::string Reader::expect(std::string_view text, Where where) {
    const Deadline deadline = soon();
    std::size_t searched = 0;
    for (;;) {
        const std::size_t at = unread_.find(text, searched);
        if (at != std::string::npos) return take(at, at + text.size());
        if (unread_.size() >= text.size()) searched = unread_.size() - text.size();
        need_more(escaped(text), deadline, where);
    }
}

std::string Reader::line(Where where) {
    const Deadline deadline = soon();
    for (;;) {
        const std::size_t at = unread_.find('\n');
        if (at != std::string::npos) return take(at, at + 1);
        need_more("a line", deadline, where);
    }
}

void Reader::expect_line(std::string_view whole, Where where) {
    const Deadline deadline = soon();
    while (unread_.find('\n') == std::string::npos) {
        need_more("the line " + escaped(whole), deadline, where);
    }
    const std::string got = line(where);
    if (got == whole) return;
    throw failure(name_ + ": expected the line " + escaped(whole) + ", got " + escaped(got) +
                      ", then " + escaped(pending()),
                  where);
}

std::string Reader::bytes(std::size_t count, Where where) {
    const Deadline deadline = soon();
    while (unread_.size() < count) need_more(std::to_string(count) + " bytes", deadline, where);
    return take(count, count);
}

void Reader::expect_eof(Where where) {
    const Deadline deadline = soon();
    while (unread_.empty() && !ended_) {
        if (read_once() == Got::Nothing && !wait_for(fd(), POLLIN, deadline)) break;
    }
    if (ended_ && error_ == 0 && unread_.empty()) return;
    std::string got = unread_.empty() ? "nothing" : escaped(pending());
    if (error_ != 0) got += " and " + std::generic_category().message(error_);
    throw failure(name_ + ": expected the end, got " + got, where);
}

std::string Reader::rest(Where where) {
    const Deadline deadline = soon();
    while (!ended_) {
        if (read_once() == Got::Nothing && !wait_for(fd(), POLLIN, deadline)) {
            need_more("the end", deadline, where);
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

void Reader::need_more(const std::string& wanted, Deadline deadline, const Where& where) {
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
        throw failure(
            name_ + ": expected " + wanted + ", got " + escaped(unread_) + ", then " + reason,
            where);
    }
}

std::string Reader::take(std::size_t bytes, std::size_t with_end) {
    std::string taken = unread_.substr(0, bytes);
    unread_.erase(0, with_end);
    return taken;
}

}  // namespace chatd::test
