#include "support/link.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <utility>

#include "support/fd.h"
#include "support/wait.h"

namespace chatd::test {

Reader link_to(const Daemon& daemon) {
    const std::string path =
        daemon.run_dir() + "/broker-" + std::to_string(daemon.port()) + ".sock";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        throw system_error(path);
    }
    return Reader(std::move(fd), "link");
}

void send_all(const Reader& link, const std::string& bytes) {
    (void)::send(link.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

std::string attach(const std::string& name) {
    std::string frames;
    append_frame(frames, Attach{.birth_ns = 1, .newcomer = 1}, name, "nowhere");
    return frames;
}

Watcher::Watcher(const Daemon& daemon, const std::string& name, Where where)
    : link_(link_to(daemon)) {
    send_all(link_, attach(name));
    read_until_done(where);  // the replay for newcomers
    events_.clear();
}

// The broker answers a question after it has sent all entries that were in the log before it.
const std::vector<Watcher::Event>& Watcher::all(Where where) {
    std::string question;
    append_frame(question, AskReplay{1});
    send_all(link_, question);
    read_until_done(where);
    return events_;
}

void Watcher::read_until_done(const Where& where) {
    bool done = false;
    bool answer = false;
    while (!done) {
        const std::string header_bytes = link_.bytes(sizeof(FrameHeader), where);
        FrameHeader header;
        std::memcpy(&header, header_bytes.data(), sizeof header);
        const std::string bytes = header_bytes + link_.bytes(header.bytes - sizeof header, where);
        std::string_view rest = bytes;
        Frame frame{};
        if (take_frame(rest, frame) != FrameStatus::Whole)
            throw failure("the broker sent no frame", where);
        if (frame.type == FrameType::Replay) answer = true;
        if (frame.type == FrameType::Done) done = true;
        if (frame.type == FrameType::Entry && !answer) {
            events_.push_back(
                {frame.as<Entry>(), std::string(frame.name), std::string(frame.text)});
        }
    }
}

}  // namespace chatd::test
