// What a worker that was taken over could send to the broker: it loses its own link, and nobody
// else anything.
#include <criterion/criterion.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <string>

#include "core/frame.h"
#include "support/client.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/fd.h"
#include "support/process.h"
#include "support/reader.h"
#include "support/wait.h"

using namespace chatd::test;
using chatd::append_frame;

TestSuite(broker, .timeout = 30);

namespace {

Reader link_to(const Daemon& daemon) {
    const std::string path =
        daemon.run_dir() + "/broker-" + std::to_string(daemon.port()) + ".sock";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        throw system_error(path);
    }
    return Reader(std::move(fd), "link");
}

void send_all(const Reader& link, const std::string& bytes) {
    (void)send(link.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

std::string attach(const std::string& name) {
    std::string frames;
    append_frame(frames, chatd::Attach{1, 0, 0, 0, 1, 0}, name, "nowhere");
    return frames;
}

pid_t broker_of(const Daemon& daemon) {
    for (const Process& process : processes(daemon.pid())) {
        if (process.comm == "chatd-broker") return process.pid;
    }
    return -1;
}

}  // namespace

Test(broker, garbage_costs_its_sender_the_link_and_nobody_else_anything) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    const pid_t before = broker_of(daemon);
    std::string hostile[] = {
        std::string(64, '\xff'),
        attach("a name"),
        attach("bob") + attach("bob"),
        attach("bob").substr(0, 20) + std::string(4096, 'x'),
    };
    for (std::string& bytes : hostile) {
        Reader link = link_to(daemon);
        send_all(link, bytes);
        (void)link.rest();
    }
    alice.send_line("/who");
    alice.expect(" here:\n");
    EXPECT_EQ(broker_of(daemon), before);
    daemon.finish();
}

Test(broker, a_request_that_no_honest_worker_makes_expels_its_sender) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Reader link = link_to(daemon);
    std::string frames = attach("mallory");
    append_frame(frames, chatd::Post{1, chatd::EntryKind::Say, chatd::LeaveReason::Quit, {}}, {},
                 "\x1b[31mred");
    send_all(link, frames);
    alice.expect_line("mallory entered the chat room");
    alice.expect_line("mallory left the chat room (its process broke the rules)");
    (void)link.rest();
    daemon.finish();
}

// It was a use after free, and an answer of 35 MB.
Test(broker, thousands_of_questions_at_once_expel_nobody_but_the_asker) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    const pid_t before = broker_of(daemon);
    {
        const Reader link = link_to(daemon);
        std::string frames = attach("mallory");
        for (int i = 0; i < 5000; ++i) append_frame(frames, chatd::AskWho{});
        send_all(link, frames);
    }
    alice.expect_line("mallory entered the chat room");
    alice.send_line("/who");
    alice.expect(" here:\n");
    EXPECT_EQ(broker_of(daemon), before);
    daemon.finish();
}

// It stopped the room for as long as the worker liked.
Test(broker, a_worker_that_sends_without_end_and_never_reads_holds_up_nobody) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    const Reader link = link_to(daemon);
    send_all(link, attach("mallory"));
    alice.expect_line("mallory entered the chat room");
    (void)shutdown(link.fd(), SHUT_RD);
    set_nonblocking(link.fd());
    std::string frames;
    for (int i = 0; i < 100; ++i) append_frame(frames, chatd::AskPast{1000});
    for (int i = 0; i < 200; ++i) {
        send_all(link, frames);
        bob.send_line(std::to_string(i));
        alice.expect("bob says: " + std::to_string(i) + "\n");
    }
    daemon.finish();
}
