// Sockets of a service manager are taken once, and only when clients can connect to them; notices
// never wait for the service manager.
#include "sys/systemd.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>

#include "base/bounds.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "sys/error.h"
#include "sys/process.h"

using namespace chatd;
using namespace std::chrono_literals;

TestSuite(service_manager, .timeout = 20);
TestSuite(systemd_protocol, .timeout = 20);

namespace {

// The socket of a service manager.
class Manager {
  public:
    // "@name" is an abstract socket.
    explicit Manager(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        name.copy(address.sun_path, sizeof address.sun_path - 1);
        if (name[0] == '@') address.sun_path[0] = '\0';
        const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        ASSERT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), bytes), 0);
        (void)::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    }

    // Empty: no notice has come.
    std::string received() {
        std::string text(4096, '\0');
        const ssize_t bytes = ::recv(fd_.get(), text.data(), text.size(), MSG_DONTWAIT);
        text.resize(bytes < 0 ? 0 : static_cast<std::size_t>(bytes));
        return text;
    }

  private:
    UniqueFd fd_;
};

// Passes the socket as a service manager does.
void pass(UniqueFd socket) {
    if (::dup2(socket.get(), 3) != 3) ::_exit(2);
    (void)::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    (void)::setenv("LISTEN_FDS", "1", 1);
    (void)::setenv("LISTEN_FDNAMES", "chatd", 1);
}

UniqueFd listening_socket() {
    return std::move(listen_tcp({"127.0.0.1"}, 0).front().fd);
}

std::string refusal() {
    try {
        (void)take_passed_listeners();
    } catch (const SetupError& error) {
        if (error.status() == ExitStatus::Usage) return error.what();
    }
    return {};
}

bool is_told_to_nobody() {
    return ::getenv("LISTEN_PID") == nullptr && ::getenv("LISTEN_FDS") == nullptr &&
           ::getenv("LISTEN_FDNAMES") == nullptr;
}

// Runs `says` in a child, because in this process descriptor 3 is Criterion's.
bool in_a_child(const std::function<bool()>& says) {
    const pid_t child = fork_child("test", [&] { return says() ? 0 : 1; });
    EXPECT_GT(child, 0);
    for (;;) {
        if (const auto reaped = reap_child()) return reaped->wait_status == 0;
    }
}

}  // namespace

Test(service_manager, a_passed_socket_is_taken_once_and_no_child_hears_of_it) {
    EXPECT_TRUE(in_a_child([] {
        UniqueFd socket = listening_socket();
        (void)::fcntl(socket.get(), F_SETFL, 0);
        pass(std::move(socket));
        const auto listeners = take_passed_listeners();
        return listeners.size() == 1 && listeners[0].fd.get() == 3 &&
               listeners[0].name == "127.0.0.1:" + std::to_string(bound_port(listeners[0])) &&
               (::fcntl(3, F_GETFD) & FD_CLOEXEC) != 0 && (::fcntl(3, F_GETFL) & O_NONBLOCK) != 0 &&
               is_told_to_nobody() && take_passed_listeners().empty();
    }));
}

Test(service_manager, sockets_of_another_process_are_left_alone) {
    EXPECT_TRUE(in_a_child([] {
        pass(listening_socket());
        (void)::setenv("LISTEN_PID", "1", 1);
        return take_passed_listeners().empty() && (::fcntl(3, F_GETFD) & FD_CLOEXEC) == 0 &&
               is_told_to_nobody();
    }));
}

Test(service_manager, a_socket_to_which_no_client_can_connect_is_refused) {
    const std::function<UniqueFd()> bad[] = {
        [] { return UniqueFd(::socket(AF_INET, SOCK_STREAM, 0)); },  // does not listen
        [] { return UniqueFd(::socket(AF_INET, SOCK_DGRAM, 0)); },
        [] { return UniqueFd(::open("/dev/null", O_RDONLY)); },
        [] {
            UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
            sockaddr_un address{};
            address.sun_family = AF_UNIX;  // with no name it gets one (unix(7), autobind)
            (void)::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                         sizeof(sa_family_t));
            return ::listen(fd.get(), 1) == 0 ? std::move(fd) : UniqueFd();
        },
    };
    for (const auto& make : bad) {
        EXPECT_TRUE(in_a_child([&make] {
            pass(make());
            return refusal().starts_with(
                "descriptor 3, passed by LISTEN_FDS, is no listening TCP socket");
        }));
    }
    EXPECT_TRUE(in_a_child([] {
        pass(listening_socket());
        (void)::setenv("LISTEN_FDS", "many", 1);
        return refusal() == "LISTEN_FDS is no number of sockets";
    }));
}

Test(service_manager, notices_come_in_the_order_of_events) {
    const test::Scratch scratch;
    Manager manager(scratch.path() + "/notify");
    ServiceManager service;
    const Clock::time_point now = Clock::now();
    service.ready("0 clients", now);
    EXPECT_EQ(manager.received(), "READY=1\nSTATUS=0 clients");
    service.reloading(Clock::time_point(5s));
    EXPECT_TRUE(service.is_reloading());
    EXPECT_EQ(manager.received(), "RELOADING=1\nMONOTONIC_USEC=5000000");
    service.ready("1 client", now);
    EXPECT_FALSE(service.is_reloading());
    EXPECT_EQ(manager.received(), "READY=1\nSTATUS=1 client");
    service.reloading(now);
    (void)manager.received();
    service.stopping();
    EXPECT_EQ(manager.received(), "STOPPING=1");
    EXPECT_FALSE(service.is_reloading());
}

Test(service_manager, a_status_is_sent_when_it_is_new_and_not_too_often) {
    Manager manager("@chatd-test-" + std::to_string(::getpid()));
    ServiceManager service;
    const Clock::time_point now = Clock::now();
    service.ready("a", now);
    (void)manager.received();
    EXPECT_FALSE(service.wants_status(now));
    EXPECT_FALSE(service.wants_status(now + kStatusPause - 1ns));
    EXPECT_TRUE(service.wants_status(now + kStatusPause));
    service.show_status("a", now + kStatusPause);
    EXPECT_EQ(manager.received(), "");
    service.show_status("b", now + kStatusPause);
    EXPECT_EQ(manager.received(), "STATUS=b");
    EXPECT_FALSE(service.wants_status(now + kStatusPause));
}

Test(service_manager, the_watchdog_gets_a_notice_when_it_is_due) {
    const test::Scratch scratch;
    Manager manager(scratch.path() + "/notify");
    (void)::setenv("WATCHDOG_USEC", "10000000", 1);
    (void)::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    ServiceManager service;
    const Clock::time_point now = Clock::now();
    ASSERT_TRUE(service.wake_at().has_value());
    EXPECT_TRUE(*service.wake_at() <= now);
    service.turn(now);
    EXPECT_EQ(manager.received(), "WATCHDOG=1");
    EXPECT_TRUE(*service.wake_at() == now + 5s);
    service.turn(now + 5s - 1ns);
    EXPECT_EQ(manager.received(), "");
    service.turn(now + 5s);
    EXPECT_EQ(manager.received(), "WATCHDOG=1");
}

Test(service_manager, a_service_manager_that_does_not_read_delays_nothing) {
    const test::Scratch scratch;
    Manager manager(scratch.path() + "/notify");
    ServiceManager service;
    for (int i = 0; i < 10'000; ++i) service.show_status(std::to_string(i), Clock::now());
    EXPECT_EQ(manager.received(), "STATUS=0");
}

Test(service_manager, without_a_service_manager_nothing_is_sent_and_nothing_wanted) {
    for (const char* nowhere : {"", "relative", "@", "/"}) {
        (void)::setenv("NOTIFY_SOCKET", nowhere, 1);
        (void)::setenv("WATCHDOG_USEC", "10000000", 1);
        ServiceManager service;
        EXPECT_FALSE(service.wake_at().has_value());
        EXPECT_FALSE(service.wants_status(Clock::now()));
        service.ready("a", Clock::now());
    }
    (void)::setenv("NOTIFY_SOCKET", "/nowhere/notify", 1);
    ServiceManager service;
    service.ready("a", Clock::now());
    service.stopping();
}

Test(systemd_protocol, sockets_are_counted_when_they_are_for_this_process) {
    EXPECT_EQ(passed_sockets("42", "2", 42).value_or(-1), 2);
    EXPECT_EQ(passed_sockets("42", "0", 42).value_or(-1), 0);
}

Test(systemd_protocol, sockets_for_another_process_are_none) {
    EXPECT_EQ(passed_sockets("43", "2", 42).value_or(-1), 0);
    EXPECT_EQ(passed_sockets("", "2", 42).value_or(-1), 0);
    EXPECT_EQ(passed_sockets("42x", "2", 42).value_or(-1), 0);
    EXPECT_EQ(passed_sockets(nullptr, "2", 42).value_or(-1), 0);
    EXPECT_EQ(passed_sockets("42", nullptr, 42).value_or(-1), 0);
    EXPECT_EQ(passed_sockets("43", "x", 42).value_or(-1), 0);
}

Test(systemd_protocol, a_bad_number_of_sockets_is_refused) {
    for (const char* count : {"", "x", "-1", "1x", " 1", "99999999999", "2147483647"}) {
        EXPECT_FALSE(passed_sockets("42", count, 42).has_value());
    }
}

Test(systemd_protocol, the_watchdog_hears_twice_as_often_as_it_demands) {
    EXPECT_TRUE(watchdog_period("10000000", "42", 42) == 5s);
    EXPECT_TRUE(watchdog_period("10000000", nullptr, 42) == 5s);
    EXPECT_TRUE(watchdog_period("2", "42", 42) == 1us);
}

Test(systemd_protocol, no_watchdog_hears_nothing) {
    EXPECT_FALSE(watchdog_period(nullptr, nullptr, 42).has_value());
    EXPECT_FALSE(watchdog_period("10000000", "43", 42).has_value());
    EXPECT_FALSE(watchdog_period("10000000", "", 42).has_value());
    for (const char* usec : {"", "x", "-1", "0", "1", "1s", "9223372036854775807"}) {
        EXPECT_FALSE(watchdog_period(usec, "42", 42).has_value());
    }
}

Test(systemd_protocol, notices_are_as_the_protocol_has_them) {
    EXPECT_EQ(ready_notice("2 clients"), "READY=1\nSTATUS=2 clients");
    EXPECT_EQ(status_notice("2 clients"), "STATUS=2 clients");
    EXPECT_EQ(reloading_notice(1234567us), "RELOADING=1\nMONOTONIC_USEC=1234567");
    EXPECT_EQ(kStoppingNotice, "STOPPING=1");
    EXPECT_EQ(kWatchdogNotice, "WATCHDOG=1");
}
