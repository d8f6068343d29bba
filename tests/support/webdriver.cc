#include "support/webdriver.h"

#include <sys/prctl.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "support/escape.h"
#include "support/file.h"
#include "support/http.h"
#include "support/spawn.h"
#include "support/wait.h"

namespace chatd::test {

namespace {

// Chromium needs some seconds of a processor to start, and another may run beside it.
constexpr auto kBrowserPatience = 3 * kPatience;

// How long to wait before the browser is asked again.
constexpr auto kPause = std::chrono::milliseconds(20);

Command start_driver(const std::string& home) {
    // Chromium writes into HOME. Its crash handler leaves its parent, and becomes a child of the
    // driver here, with which it ends: the test itself is left with the driver alone.
    return Command({"chromedriver", "--port=0"},
                   {.env = {{"HOME", home}, {"XDG_CONFIG_HOME", home}, {"XDG_CACHE_HOME", home}},
                    .before_exec = [] { (void)::prctl(PR_SET_CHILD_SUBREAPER, 1); }});
}

std::string list_of(std::initializer_list<std::string> texts) {
    std::string list;
    for (const std::string& text : texts) {
        if (!list.empty()) list += ',';
        list += literal(text);
    }
    return '[' + list + ']';
}

std::string capabilities(const BrowserOptions& options, const std::string& profile) {
    // With the pipe, Chromium ends when its driver is killed. It refuses to be root in its sandbox,
    // and /dev/shm is small in containers.
    const std::string arguments =
        list_of({"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--remote-debugging-pipe", "--user-data-dir=" + profile, "--no-first-run",
                 "--disable-extensions", "--disable-background-networking", "--no-proxy-server",
                 "--accept-lang=" + options.language});
    return R"({"capabilities":{"alwaysMatch":{"acceptInsecureCerts":true,)"
           R"("goog:loggingPrefs":{"browser":"WARNING"},"goog:chromeOptions":{"args":)" +
           arguments + "}}}}";
}

int digit_of_base64(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : 63;
}

// RFC 4648, 4
std::string from_base64(std::string_view text) {
    std::string bytes;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text.substr(0, text.find('='))) {
        bits = bits << 6 | static_cast<std::uint32_t>(digit_of_base64(c));
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes += static_cast<char>(bits >> count & 0xff);
    }
    return bytes;
}

}  // namespace

std::string literal(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (static_cast<unsigned char>(c) >= 0x20) {
            out += c;
            continue;
        }
        char escape[8];
        (void)std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned char>(c));
        out += escape;
    }
    return out + '"';
}

Browser::Browser(const BrowserOptions& options, Where where)
    : driver_(start_driver(scratch_.path())) {
    driver_.expect("started successfully on port ", where);
    port_ = static_cast<std::uint16_t>(std::stoi(driver_.expect(".\n", where)));
    try {
        const Json created =
            call("POST", "/session", capabilities(options, scratch_.path() + "/profile"), where);
        session_ = "/session/" + std::string(created.string_at("sessionId"));
        chromium("Emulation.setDeviceMetricsOverride",
                 R"("deviceScaleFactor":1,"mobile":false,"width":)" +
                     std::to_string(options.width) + R"(,"height":)" +
                     std::to_string(options.height),
                 where);
        chromium("Emulation.setEmulatedMedia",
                 std::string(R"("features":[{"name":"prefers-color-scheme","value":")") +
                     (options.dark ? "dark" : "light") + "\"}]",
                 where);
    } catch (...) {
        close();  // The destructor does not run when the constructor throws.
        throw;
    }
}

Browser::~Browser() {
    try {
        close();
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "the end of a browser: %s\n", error.what());
    }
}

void Browser::close() {
    try {
        if (!session_.empty()) {
            (void)call("DELETE", std::exchange(session_, {}), {}, Where::here());
        }
    } catch (const std::exception&) {
        // What does not end by itself is killed below.
    }
    driver_.kill_group();
    (void)driver_.wait();
    kill_strays();
}

// A browser that gets no processor for a tenth of a second between its connection and its request
// finds chatd's question there and not the page. A person reloads then, and chatd waits for it.
void Browser::open(const std::string& url, Where where) {
    constexpr std::string_view kIsWhole =
        "!document.URL.startsWith('chrome-error:') && performance.getEntriesByType('resource')"
        ".every(part => part.responseStatus !== 0)";
    const auto gives_up = Clock::now() + kBrowserPatience;
    do {
        (void)complaints(where);  // of the try before
        (void)call("POST", session_ + "/url", "{\"url\":" + literal(url) + '}', where);
    } while (!value(kIsWhole, where).boolean && Clock::now() < gives_up);
}

void Browser::click(std::string_view css, Where where) {
    (void)call("POST", element(css, where) + "/click", "{}", where);
}

void Browser::type(std::string_view css, std::string_view keys, Where where) {
    send_keys(element(css, where), keys, where);
}

void Browser::press(std::string_view keys, Where where) {
    const Json active = call("GET", session_ + "/element/active", {}, where);
    send_keys(session_ + "/element/" + active.items.at(0).string, keys, where);
}

void Browser::compose(std::string_view text, Where where) {
    // Positions count units of UTF-16, and Chromium takes any that is too far for the end.
    const std::string end = std::to_string(text.size());
    chromium(
        "Input.imeSetComposition",
        "\"text\":" + literal(text) + ",\"selectionStart\":" + end + ",\"selectionEnd\":" + end,
        where);
}

void Browser::press_enter_while_composing(Where where) {
    // 229 is what a key is to a page while an input method takes it (UI Events, 7.3.1).
    for (const char* const type : {"rawKeyDown", "keyUp"}) {
        chromium("Input.dispatchKeyEvent",
                 "\"type\":" + literal(type) +
                     R"(,"key":"Enter","code":"Enter","windowsVirtualKeyCode":229)",
                 where);
    }
}

void Browser::commit(std::string_view text, Where where) {
    chromium("Input.insertText", "\"text\":" + literal(text), where);
}

Json Browser::value(std::string_view expression, Where where) {
    return execute("return (" + std::string(expression) + ")", where);
}

void Browser::wait_until(std::string_view expression, Where where) {
    const Deadline deadline = soon();
    while (!value(expression, where).boolean) {
        if (Clock::now() > deadline) {
            throw failure("browser: never true: " + std::string(expression) + "; the page shows " +
                              escaped(value("document.body.innerText.slice(-2000)", where).string) +
                              ", the console " + escaped(complaints(where)),
                          where);
        }
        (void)wait_for(-1, 0, Clock::now() + kPause);
    }
}

void Browser::expect(std::string_view css, std::string_view text, Where where) {
    wait_until("document.querySelector(" + literal(css) + ")?.innerText.includes(" + literal(text) +
                   ") === true",
               where);
}

void Browser::hide(Where where) {
    (void)call("POST", session_ + "/window/minimize", "{}", where);
    wait_until("document.hidden", where);
}

void Browser::show(Where where) {
    (void)call("POST", session_ + "/window/maximize", "{}", where);
    wait_until("!document.hidden", where);
}

std::string Browser::complaints(Where where) {
    std::string lines;
    for (const Json& entry :
         call("POST", session_ + "/se/log", R"({"type":"browser"})", where).items) {
        lines += entry.string_at("message");
        lines += '\n';
    }
    return lines;
}

void Browser::screenshot(const std::string& name, Where where) {
    const char* const directory = std::getenv("SCREENSHOTS");
    if (directory == nullptr || *directory == '\0') return;
    const std::string answer = raw_call("GET", session_ + "/screenshot", {}, where);
    // {"value":"..."}, which is too long for the parser.
    const std::size_t begin = answer.find(":\"") + 2;
    write_file(std::string(directory) + '/' + name + ".png",
               from_base64(answer.substr(begin, answer.rfind('"') - begin)));
}

Json Browser::call(const std::string& method, const std::string& path, const std::string& body,
                   const Where& where) {
    const std::string bytes = raw_call(method, path, body, where);
    const auto answer = parse_json(bytes);
    if (answer && answer->member("value") != nullptr) return *answer->member("value");
    throw failure("browser: no answer: " + escaped(bytes.substr(0, 200)), where);
}

// The answer with the JSON around it.
std::string Browser::raw_call(const std::string& method, const std::string& path,
                              const std::string& body, const Where& where) {
    const HttpResponse response =
        fetch(port_, {.method = method, .target = path, .body = body}, kBrowserPatience, where);
    if (response.status == 200) return response.body;
    // The message, which is followed by addresses of functions.
    throw failure("browser: " + method + ' ' + path + ' ' + body + ": " +
                      escaped(response.body.substr(0, 500)),
                  where);
}

Json Browser::execute(std::string_view script, const Where& where) {
    return call("POST", session_ + "/execute/sync",
                "{\"args\":[],\"script\":" + literal(script) + '}', where);
}

void Browser::chromium(std::string_view command, const std::string& parameters,
                       const Where& where) {
    (void)call("POST", session_ + "/goog/cdp/execute",
               "{\"cmd\":" + literal(command) + ",\"params\":{" + parameters + "}}", where);
}

// The path of an element.
std::string Browser::element(std::string_view css, const Where& where) {
    const Json found = call("POST", session_ + "/element",
                            R"({"using":"css selector","value":)" + literal(css) + '}', where);
    return session_ + "/element/" + found.items.at(0).string;
}

void Browser::send_keys(const std::string& element, std::string_view keys, const Where& where) {
    (void)call("POST", element + "/value", "{\"text\":" + literal(keys) + '}', where);
}

}  // namespace chatd::test
