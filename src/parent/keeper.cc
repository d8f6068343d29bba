#include "parent/keeper.h"

#include <signal.h>

#include <algorithm>
#include <cstring>

#include "base/bounds.h"
#include "lookout/lookout.h"
#include "protocol/worker_exit.h"
#include "sys/privilege.h"

namespace chatd {

void Keeper::turn() {
    if (!is_due(start_at_, Clock::now())) return;
    start_at_.reset();
    // The program before had none, and no place was found for its socket.
    if (!resources_.lookout_listener.fd.valid()) return;
    born_ = Clock::now();
    resources_.lookout = fork_child("lookout", [this] { return run_child(); });
    if (is_running()) return;
    journal_.error("fork of the lookout: %s", std::strerror(errno));
    start_later();
}

int Keeper::run_child() {
    signals_.forget();
    keep_only({resources_.lookout_listener.fd.get()});
    raise_oom_score(resources_.oom_score, kOomWorker);
    run_lookout(resources_.lookout_listener.fd.get(), options_.sandbox, title_, signals_);
}

bool Keeper::handle_exit(const Reaped& reaped) {
    if (reaped.pid != resources_.lookout) return false;
    resources_.lookout = -1;
    if (is_closing_) return true;
    journal_.error("lookout ended: %s", describe_wait_status(reaped.wait_status).c_str());
    start_later();
    return true;
}

void Keeper::start_later() {
    const bool is_young = Clock::now() - born_ < kLookoutYoung;
    pause_ = is_young ? std::clamp<Duration>(pause_ * 2, kLookoutPause, kLookoutPauseMax)
                      : Duration(kLookoutPause);
    start_at_ = Clock::now() + pause_;
}

void Keeper::begin_closing() {
    is_closing_ = true;
    start_at_.reset();
    // It is not reaped yet, so its pid belongs to no other process.
    if (is_running()) (void)::kill(resources_.lookout, SIGKILL);
}

}  // namespace chatd
