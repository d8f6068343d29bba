// Real proxies in front of the real program: nginx and HAProxy, as operators set them up, also with
// TLS.
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/client.h"
#include "support/command.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/fd.h"
#include "support/file.h"
#include "support/http.h"
#include "support/needs.h"
#include "support/spawn.h"
#include "support/wait.h"
#include "support/webdriver.h"
#include "support/websocket.h"
#include "support/where.h"

using namespace chatd::test;

TestSuite(proxy, .timeout = 60);

namespace {

// What a proxy listens on. HAProxy takes it over from the test; nginx is only told its port.
class Listener {
  public:
    Listener() : fd_(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_addr = in6addr_loopback;
        socklen_t length = sizeof address;
        auto* const plain = reinterpret_cast<sockaddr*>(&address);
        if (::bind(fd_.get(), plain, length) != 0 || ::listen(fd_.get(), SOMAXCONN) != 0 ||
            ::getsockname(fd_.get(), plain, &length) != 0) {
            throw system_error("a listener");
        }
        port_ = ntohs(address.sin6_port);
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] int fd() const { return fd_.get(); }
    void close() { fd_.reset(); }

  private:
    Fd fd_;
    std::uint16_t port_ = 0;
};

constexpr int kListenerFd = 3;  // the number that it has in a proxy

// A key and a certificate that nobody has signed, in one file.
std::string make_certificate(const std::string& directory) {
    const std::string key = directory + "/key.pem";
    const std::string certificate = directory + "/certificate.pem";
    const auto made = Command::run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                                    "/CN=localhost", "-keyout", key, "-out", certificate});
    if (made.status != 0) throw std::runtime_error("openssl: " + made.out);
    write_file(directory + "/both.pem", contents(key) + contents(certificate));
    return directory + "/both.pem";
}

enum class Tls { Off, On };

class Proxy {
  public:
    [[nodiscard]] std::uint16_t port() const { return listener_.port(); }

    // A client at ::1, so that chatd sees from whom the address comes.
    [[nodiscard]] Client client() const { return Client(port(), Family::V6); }

    // The address of the page through this proxy.
    [[nodiscard]] std::string address() const {
        return std::string(tls_ == Tls::On ? "https" : "http") +
               "://[::1]:" + std::to_string(port()) + '/';
    }

  protected:
    Proxy(const Daemon& daemon, Tls tls)
        : tls_(tls), server_("127.0.0.1:" + std::to_string(daemon.port())) {
        if (tls == Tls::On) certificate_ = make_certificate(directory_.path());
    }

    [[nodiscard]] const std::string& directory() const { return directory_.path(); }
    [[nodiscard]] const std::string& server() const { return server_; }
    [[nodiscard]] const std::string& certificate() const { return certificate_; }  // "": no TLS

    void start(std::vector<std::string> argv, const std::string& config) {
        write_file(directory() + "/config", config);
        const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
        std::map<int, int> fds = {{0, null.get()}, {1, null.get()}, {2, 2}};
        if (listener_.fd() >= 0) fds.insert({kListenerFd, listener_.fd()});
        const Spawn spawn{.argv = std::move(argv), .fds = std::move(fds)};
        child_.emplace(spawn);
    }

    void free_port() { listener_.close(); }

    // Tries again and again, because a server does not tell when it listens.
    void wait_until_it_listens() const {
        for (const Deadline deadline = soon(); Clock::now() < deadline;) {
            try {
                (void)client();
                return;
            } catch (const std::exception&) {
                (void)wait_for(-1, 0, Clock::now() + std::chrono::milliseconds(10));
            }
        }
        throw std::runtime_error("the proxy does not listen");
    }

  private:
    Scratch directory_;
    Listener listener_;
    Tls tls_;
    std::string server_;
    std::string certificate_;
    std::optional<Child> child_;
};

class Nginx : public Proxy {
  public:
    explicit Nginx(const Daemon& daemon, Tls tls = Tls::Off) : Proxy(daemon, tls) {
        std::string paths;
        for (const char* const kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
            paths += std::string(kind) + "_temp_path " + directory() + "/temp;\n";
        }
        const std::string tls_lines = certificate().empty()
                                          ? ""
                                          : "ssl_certificate " + certificate() +
                                                ";\nssl_certificate_key " + certificate() + ";\n";
        const std::string config = "daemon off;\nmaster_process off;\npid " + directory() +
                                   "/pid;\nerror_log stderr error;\nevents {}\nhttp {\n" + paths +
                                   R"(access_log off;
map $http_upgrade $connection_upgrade { default upgrade; '' close; }
server {
    listen [::1]:)" + std::to_string(port()) +
                                   (certificate().empty() ? "" : " ssl") + ";\n" + tls_lines +
                                   "location / {\nproxy_pass http://" + server() + R"(;
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
}
}
)";
        free_port();
        start({"nginx", "-e", "stderr", "-p", directory(), "-c", directory() + "/config"}, config);
        wait_until_it_listens();
    }
};

class Haproxy : public Proxy {
  public:
    explicit Haproxy(const Daemon& daemon, Tls tls = Tls::Off) : Proxy(daemon, tls) {
        const std::string config = R"(defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout tunnel 1h
    option forwardfor
frontend web
    bind fd@)" + std::to_string(kListenerFd) +
                                   (certificate().empty() ? "" : " ssl crt " + certificate()) + R"(
    default_backend chat
backend chat
    server chatd )" + server() + '\n';
        start({"haproxy", "-q", "-db", "-f", directory() + "/config"}, config);
    }
};

// A program that comes through the proxy gets the page, and talks with bob, who has nc.
void expect_to_pass_on(const Proxy& proxy, Daemon& daemon, Where where = Where::here()) {
    const Caller caller(where);
    Client bob = join(daemon.port(), "bob");
    Client browser = proxy.client();
    browser.send(bytes_of(HttpRequest{.target = "/chat.js"}, proxy.port()));
    const HttpResponse page = read_response(browser);
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.body, fetch(daemon.port(), {.target = "/chat.js"}).body);

    Client client = proxy.client();
    client.send(bytes_of(handshake("/chat", {{"X-Forwarded-For", "203.0.113.9"}}), proxy.port()));
    WebSocket alice(std::move(client));
    alice.expect("name?");
    alice.say("alice");
    alice.expect("welcome");
    bob.expect_line("alice entered the chat room");
    alice.say("hello");
    bob.expect_line("alice says: hello");
    bob.send_line("so you came through");
    while (alice.expect("say").string_at("text") != "so you came through") continue;
    bob.send_line("/who alice");
    bob.expect("\n  alice ");
    const std::string row = bob.line();
    EXPECT_CONTAINS(row, "::1");
    EXPECT_LACKS(row, "203.0.113.9");
    alice.client().close();
    bob.expect("alice left the chat room");
    daemon.finish();
}

// A browser talks with bob.
void expect_a_page_to_work(Browser& page, const Proxy& proxy, Client& bob,
                           Where where = Where::here()) {
    const Caller caller(where);
    page.open(proxy.address());
    page.wait_until("document.querySelector('#door')?.hidden === false");
    page.type("#name", std::string("alice") + kEnter);
    page.wait_until("!document.querySelector('#room').hidden");
    bob.expect_line("alice entered the chat room");
    page.type("#message", std::string("hello") + kEnter);
    bob.expect_line("alice says: hello");
    bob.send_line("so you came through");
    page.expect("#log", "so you came through");
    page.type("#message", std::string("/quit") + kEnter);
    bob.expect_line("alice left the chat room");
}

}  // namespace

Test(proxy, nginx_passes_pages_websockets_and_addresses_on) {
    NEEDS("nginx");
    Daemon daemon({"--trust-proxy", "127.0.0.1"});
    const Nginx nginx(daemon);
    expect_to_pass_on(nginx, daemon);
}

Test(proxy, haproxy_passes_pages_websockets_and_addresses_on) {
    NEEDS("haproxy");
    Daemon daemon({"--trust-proxy", "127.0.0.1"});
    const Haproxy haproxy(daemon);
    expect_to_pass_on(haproxy, daemon);
}

Test(proxy, a_page_works_behind_tls) {
    NEEDS("chromium", "chromedriver", "nginx", "haproxy", "openssl");
    Daemon daemon({"--trust-proxy", "127.0.0.1"});
    Client bob = join(daemon.port(), "bob");
    Browser browser;
    expect_a_page_to_work(browser, Nginx(daemon, Tls::On), bob);
    expect_a_page_to_work(browser, Haproxy(daemon, Tls::On), bob);
    EXPECT_EQ(browser.complaints(), "");
    daemon.finish();
}
