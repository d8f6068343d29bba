#include "broker/publisher.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/fault.h"
#include "sys/memory.h"

namespace chatd {

Publisher::Publisher(Log& log, bool sync, int log_fd, Journal& journal)
    : log_(log),
      sync_(sync),
      log_fd_(log_fd),
      journal_(journal),
      end_(sync ? log.synced() : log.head()) {}

bool Publisher::publish() {
    if (end_ != log_.head() && sync_ && !sync()) return false;
    end_ = log_.head();
    return true;
}

bool Publisher::sync() {
    const bool fails = fault_point("broker:sync");
    if (fails || !put_on_disk(log_fd_)) {
        if (!std::exchange(disk_fails_, true)) {
            journal_.error("the history cannot be put on the disk: %s; the room waits",
                           std::strerror(errno));
        }
        log_.rewrite_unsynced();
        return false;
    }
    fault_point("broker:after-sync");
    if (std::exchange(disk_fails_, false)) journal_.info("the disk takes the history again");
    log_.note_synced();
    return true;
}

}  // namespace chatd
