// Decides how much of the log may be sent: all of it, or with --sync only what is on the disk.
#pragma once

#include "log/log.h"
#include "sys/journal.h"

namespace chatd {

class Publisher {
  public:
    // sync: nothing is published before the disk has it. log_fd: the file that `log` lies in.
    Publisher(Log& log, bool sync, int log_fd, Journal& journal);

    // Publishes what the log has by now; with sync by one fdatasync for everything that came
    // together. False: the disk has failed, and nothing more is published.
    [[nodiscard]] bool publish();

    // The position up to which the log may be sent.
    [[nodiscard]] Position end() const { return end_; }

  private:
    [[nodiscard]] bool sync();

    Log& log_;
    bool sync_;
    int log_fd_;
    Journal& journal_;
    Position end_;
    bool disk_fails_ = false;
};

}  // namespace chatd
