#include "worker/lookout_link.h"

#include <sys/resource.h>
#include <unistd.h>

#include "base/bounds.h"
#include "protocol/describe.h"
#include "sys/clock.h"
#include "sys/local.h"
#include "sys/net.h"

namespace chatd {
namespace {

OwnNews own_news(int client, int link) {
    const bool is_linked = link >= 0;
    rusage usage{};
    (void)::getrusage(RUSAGE_SELF, &usage);  // It cannot fail for this process.
    return {.pid = ::getpid(),
            .voluntary = usage.ru_nvcsw,
            .involuntary = usage.ru_nivcsw,
            .files = is_traced() && trace_fd() > STDERR_FILENO ? 4U : 3U,
            .links = is_linked ? 2U : 1U,
            .unread = is_linked ? unread_bytes(link) : 0,
            .unconfirmed = static_cast<std::size_t>(unconfirmed_bytes(client).value_or(0))};
}

}  // namespace

void LookoutLink::turn() {
    // Reading the clock in each turn cost a seventh of all deliveries.
    if (silent_at_ && is_due(silent_at_, Clock::now())) give_up();
    // The next line of the client may be a question too; and a question may fail at once.
    while (!silent_at_ && conversation_.inquiry().is_open()) ask();
}

// The listener is the parent's, so while there is no lookout the question waits for the next one.
void LookoutLink::ask() {
    silent_at_ = Clock::now() + kLookoutSilence;
    CHATD_TRACE("connects to the lookout");
    fd_ = connect_local(place_).fd;
    const std::string& question = conversation_.inquiry().question();
    trace_frames("sends to the lookout", question);
    const bool is_sent = fd_.valid() && send_some(fd_.get(), question).bytes == question.size();
    if (!is_sent) give_up();
}

void LookoutLink::read(std::span<char> buffer, int client, int link) {
    const IoResult got = receive(fd_.get(), buffer);
    if (got.status == IoStatus::WouldBlock) return;
    const OwnNews own = own_news(client, link);
    Inquiry& inquiry = conversation_.inquiry();
    const auto take = [&](const Frame& frame) {
        trace_frames("takes from the lookout", frame.bytes);
        return inquiry.take(frame, own);
    };
    const bool is_well =
        got.status == IoStatus::Done && reader_.read({buffer.data(), got.bytes}, take);
    if (!is_well) return give_up();
    if (!inquiry.is_open()) close();
}

void LookoutLink::give_up() {
    conversation_.inquiry().fail();
    close();
}

void LookoutLink::close() {
    fd_.reset();
    reader_.clear();
    silent_at_.reset();
    conversation_.inquiry_closed();
}

}  // namespace chatd
