// An AF_UNIX socket where the operator's programs read the metrics, at a path that the operator
// chooses. Each reader that connects is sent one text and the end; what it sends is never read.
#pragma once

#include <poll.h>

#include <array>
#include <functional>

#include "sys/local.h"

namespace chatd {

class MetricsSocket {
  public:
    // Listens at `path`, with a file that belongs to the user that this process becomes: see
    // listen_at() and SocketFile. Throws SetupError.
    explicit MetricsSocket(const std::string& path, const std::optional<User>& new_user = {});
    // A socket that another program of this process had before.
    MetricsSocket(UniqueFd fd, UniqueFd directory, std::string name)
        : file_(std::move(fd), std::move(directory), std::move(name)) {}

    [[nodiscard]] int fd() const { return file_.fd(); }
    [[nodiscard]] int directory() const { return file_.directory(); }
    [[nodiscard]] const std::string& name() const { return file_.name(); }

    // The parent's loop waits for a reader that connects, and for one that closes after the text.
    static constexpr std::size_t kPolls = 1 + kMetricsReadersMax;
    [[nodiscard]] std::array<pollfd, kPolls> polls() const;
    [[nodiscard]] Deadline wake_at() const { return rest_.until(); }

    // `polled`: polls() as poll(2) has changed them. `text` is called at most once, when a reader
    // waits. False: the kernel had no room for all of the text.
    [[nodiscard]] bool turn(std::span<const pollfd> polled,
                            const std::function<std::string()>& text);

  private:
    [[nodiscard]] bool answer_readers(const std::string& text);

    SocketFile file_;
    std::array<UniqueFd, kMetricsReadersMax> readers_;
    std::size_t next_ = 0;  // of readers_: the place that is taken next
    ListenerRest rest_;
};

}  // namespace chatd
