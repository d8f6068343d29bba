// The broker's end of the link to one worker: the socket, and a frame of which only a part has
// come. What the frames mean is the business of broker/sessions; what is sent is that of
// log/reader.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <span>
#include <utility>

#include "broker/sessions.h"
#include "log/crowd.h"
#include "log/log.h"
#include "protocol/frame.h"
#include "sys/fd.h"

namespace chatd {

class Link {
  public:
    // slot: where Links keeps this link.
    Link(UniqueFd fd, std::size_t slot, WorkerState connected)
        : worker(std::move(connected)), fd_(std::move(fd)), slot_(slot) {}

    WorkerState worker;

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] bool is_open() const { return fd_.valid(); }
    [[nodiscard]] pid_t pid() const { return worker.process.pid; }
    [[nodiscard]] std::size_t slot() const { return slot_; }
    void close() { fd_.reset(); }

    // Takes what has come, at most one buffer full. `take` gets every whole frame, and returns
    // false for a frame that ends the link. False: the link is at its end.
    [[nodiscard]] bool read(std::span<char> buffer, const std::function<bool(const Frame&)>& take);

    // Sends as much as the kernel takes. False: the link is at its end.
    [[nodiscard]] bool flush(const Log& log, Crowds& crowds, const LogReader::Standing& standing);

  private:
    UniqueFd fd_;
    std::size_t slot_;
    FrameReader frames_;
};

}  // namespace chatd
