#include "parent/history_opener.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>

#include "base/bounds.h"
#include "parent/history.h"
#include "protocol/worker_exit.h"
#include "sys/error.h"
#include "sys/journal.h"
#include "sys/local.h"
#include "sys/process.h"

namespace chatd {
namespace {

// So that the operator knows why the start takes so long.
void say_if_large(const std::string& path, Journal& journal) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return;
    const std::size_t bytes = static_cast<std::size_t>(status.st_size);
    if (bytes <= kHistoryProbeBytes) return;
    journal.info("reading the history %s, %zu MiB", path.c_str(), bytes >> 20);
}

// In the child. The history is opened as the user that the parent becomes, because that user has to
// be able to repair the file while it is in use.
UniqueFd open(const Options& options, const std::optional<User>& new_user) {
    const ParentDeathSignal death_signal;
    const EffectiveUser acting(new_user);
    death_signal.restore();
    Journal journal("history", options.level);
    say_if_large(options.history_path, journal);
    History history = open_history(options.history_path, options.history_bytes);
    if (!history.news.empty()) journal.warning("%s", history.news.c_str());
    return std::move(history.fd);
}

// The parent gets the open file, or the line that says why there is none.
int open_and_send(const Options& options, const std::optional<User>& new_user, int parent) {
    try {
        const UniqueFd history = open(options, new_user);
        const bool sent = send_descriptor(parent, history.get());
        return static_cast<int>(sent ? ExitStatus::Ok : ExitStatus::System);
    } catch (const SetupError& error) {
        (void)send_some(parent, std::string_view(error.what()));
        return static_cast<int>(error.status());
    }
}

// Waits until the child has ended, and kills it when this process is to end. Returns the child's
// wait status; none: this process is to end.
std::optional<int> wait_for(pid_t child, const Signals& signals) {
    bool is_to_end = false;
    for (;;) {
        if (const auto ended = child_change(child, WEXITED)) {
            return is_to_end ? std::nullopt : std::optional(ended->wait_status);
        }
        (void)signals.wait({}, std::nullopt);
        if (!signals.take(SIGTERM) && !signals.take(SIGINT)) continue;
        is_to_end = true;
        (void)::kill(child, SIGKILL);
    }
}

SetupError why_not(int wait_status, int child) {
    std::array<char, kReadBytes> line;
    const IoResult got = receive(child, line);
    if (!WIFEXITED(wait_status) || got.status != IoStatus::Done) {
        return {ExitStatus::System,
                "the process that reads the history ended: " + describe_wait_status(wait_status)};
    }
    return {static_cast<ExitStatus>(WEXITSTATUS(wait_status)), std::string(line.data(), got.bytes)};
}

}  // namespace

UniqueFd open_history_in_child(const Options& options, const std::optional<User>& new_user,
                               ProcessTitle& title, const Signals& signals) {
    const SocketPair link = make_socket_pair();
    const pid_t child = fork_child("history", [&] {
        signals.forget();
        Signals::ignore({SIGINT, SIGTERM, SIGHUP, SIGUSR1});
        title.set("chatd: reads the history");
        ProcessTitle::set_short("chatd-history");
        return open_and_send(options, new_user, link.second.get());
    });
    if (child < 0) throw system_error("fork");
    const std::optional<int> wait_status = wait_for(child, signals);
    if (!wait_status) {
        throw SetupError(ExitStatus::Ok, "told to end while the history is read; nothing is lost");
    }
    if (*wait_status != 0) throw why_not(*wait_status, link.first.get());
    return receive_descriptor(link.first.get());
}

}  // namespace chatd
