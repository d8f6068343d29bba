// A real browser: headless Chromium, driven through chromedriver as the W3C WebDriver protocol
// (https://www.w3.org/TR/webdriver2/) and Chromium's own commands say. Each Browser has a
// chromedriver and a profile of its own; both are gone with it, whatever happens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "support/command.h"
#include "support/daemon.h"
#include "support/where.h"
#include "text/json_reader.h"

namespace chatd::test {

struct BrowserOptions {
    std::string language = "en-US";
    int width = 1024;  // of the page, in CSS pixels
    int height = 768;
    bool dark = false;
};

// Keys that have no character (WebDriver, 17.4.2). A modifier is held until the end of the text.
inline constexpr const char* kTab = "\ue004";
inline constexpr const char* kEnter = "\ue007";
inline constexpr const char* kShift = "\ue008";
inline constexpr const char* kControl = "\ue009";
inline constexpr const char* kEscape = "\ue00c";

// The text as a literal of JavaScript and of JSON, with its quotes.
[[nodiscard]] std::string literal(std::string_view text);

class Browser {
  public:
    explicit Browser(const BrowserOptions& options = {}, Where where = Where::here());
    Browser(const Browser&) = delete;
    Browser& operator=(const Browser&) = delete;
    ~Browser();

    void open(const std::string& url, Where where = Where::here());

    // The element that a selector of CSS finds first must be there.
    void click(std::string_view css, Where where = Where::here());
    void type(std::string_view css, std::string_view keys, Where where = Where::here());

    // Types into whatever has the focus.
    void press(std::string_view keys, Where where = Where::here());

    // What an input method does: shows text that is not decided yet, takes the key Enter for
    // itself, and puts the decided text in the place of the other.
    void compose(std::string_view text, Where where = Where::here());
    void press_enter_while_composing(Where where = Where::here());
    void commit(std::string_view text, Where where = Where::here());

    // The value of an expression of JavaScript; the page may not throw.
    Json value(std::string_view expression, Where where = Where::here());

    // Asks again and again, because the browser cannot call us, until the expression is true. A
    // failure shows the text of the page.
    void wait_until(std::string_view expression, Where where = Where::here());

    // Waits until the text that can be seen below the first such element contains `text`.
    void expect(std::string_view css, std::string_view text, Where where = Where::here());

    // As when the window is minimized, and brought back.
    void hide(Where where = Where::here());
    void show(Where where = Where::here());

    // What the console has been told since the last call, one line each: errors and warnings.
    std::string complaints(Where where = Where::here());

    // Writes NAME.png into the directory $SCREENSHOTS, if there is that variable, for a person.
    void screenshot(const std::string& name, Where where = Where::here());

    // Ends the browser and all its processes.
    void close();

  private:
    Json call(const std::string& method, const std::string& path, const std::string& body,
              const Where& where);
    std::string raw_call(const std::string& method, const std::string& path,
                         const std::string& body, const Where& where);
    Json execute(std::string_view script, const Where& where);
    void chromium(std::string_view command, const std::string& parameters, const Where& where);
    std::string element(std::string_view css, const Where& where);
    void send_keys(const std::string& element, std::string_view keys, const Where& where);

    Scratch scratch_;
    Command driver_;
    std::uint16_t port_ = 0;
    std::string session_;  // the path of the session; "" when there is none
};

}  // namespace chatd::test
