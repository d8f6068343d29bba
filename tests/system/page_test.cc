// The page in real browsers, beside people with nc.
#include <criterion/criterion.h>
#include <signal.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>

#include "support/client.h"
#include "support/command.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/needs.h"
#include "support/webdriver.h"
#include "support/where.h"

using namespace chatd::test;

TestSuite(page, .timeout = 60);

namespace {

std::string address(const Daemon& daemon) {
    return "http://127.0.0.1:" + std::to_string(daemon.port()) + '/';
}

// Somebody with nc, in the room.
class Person : public Command {
  public:
    Person(const Daemon& daemon, std::string_view name, Where where = Where::here())
        : Command({"nc", "127.0.0.1", std::to_string(daemon.port())}) {
        write_line(name, where);
        expect("Welcome, " + std::string(name) + ".", where);
        (void)line(where);
        (void)line(where);  // who is here
    }
};

void enter(Browser& page, const Daemon& daemon, std::string_view name,
           Where where = Where::here()) {
    page.open(address(daemon), where);
    page.wait_until("document.querySelector('#door')?.hidden === false", where);
    page.type("#name", std::string(name) + kEnter, where);
    page.wait_until("!document.querySelector('#room').hidden", where);
}

void say(Browser& page, std::string_view text, Where where = Where::here()) {
    page.type("#message", std::string(text) + kEnter, where);
}

// Waits for a row of the log, of a type and with a text.
void expect_row(Browser& page, std::string_view type, std::string_view text,
                Where where = Where::here()) {
    page.wait_until(
        "[...document.querySelectorAll('#log .row')].some(row => row.dataset.type === " +
            literal(type) + " && row.textContent.includes(" + literal(text) + "))",
        where);
}

// What somebody has said, one line each, as soon as it is so much.
std::string said(Browser& page, std::string_view name, int lines, Where where = Where::here()) {
    const std::string texts =
        "[...document.querySelectorAll('#log .row[data-type=say]')].filter("
        "row => row.dataset.name === " +
        literal(name) + ").map(row => row.querySelector('.text').textContent)";
    page.wait_until(texts + ".length >= " + std::to_string(lines), where);
    return page.value(texts + ".join(' ')", where).string;
}

// Types lines, and cuts the connection before the page is told what became of them. The page comes
// back by itself.
void lose_answers(Browser& page, std::initializer_list<std::string_view> lines,
                  Where where = Where::here()) {
    std::string list;
    for (const std::string_view line : lines) list += literal(line) + ',';
    (void)page.value("[" + list +
                         "].forEach(line => { document.querySelector('#message').value = line;"
                         "document.querySelector('#composer').requestSubmit(); }),"
                         "dispatchEvent(new Event('offline'))",
                     where);
}

// While a page is kept away, its connections go nowhere.
void keep_away(Browser& page, Where where = Where::here()) {
    (void)page.value("(window.Real = WebSocket, window.WebSocket = class { close() {} }, 0)",
                     where);
}

void let_back(Browser& page, Where where = Where::here()) {
    (void)page.value(
        "(window.WebSocket = Real, dispatchEvent(new Event('offline')),"
        "dispatchEvent(new Event('online')))",
        where);
    page.wait_until("document.querySelector('#status').hidden", where);
}

void expect_no_complaint(Browser& page, Where where = Where::here()) {
    const Caller caller(where);
    EXPECT_EQ(page.complaints(where), "");
}

// Nothing is wider than the window.
void expect_to_fit(Browser& page, Where where = Where::here()) {
    const Caller caller(where);
    EXPECT_TRUE(page.value("document.documentElement.scrollWidth <= innerWidth", where).boolean);
    EXPECT_TRUE(
        page.value("document.querySelector('#send').getBoundingClientRect().right <= innerWidth",
                   where)
            .boolean);
}

// Moves the focus by a key until an element has it.
void move_to(Browser& page, std::string_view keys, std::string_view id,
             Where where = Where::here()) {
    for (int i = 0; i < 20; ++i) {
        if (page.value("document.activeElement.id", where).string == id) return;
        page.press(keys, where);
    }
    throw failure("no key leads to " + std::string(id), where);
}

std::string numbers(int begin, int end) {
    std::string all;
    for (int i = begin; i < end; ++i) {
        if (i != begin) all += ' ';
        all += std::to_string(i);
    }
    return all;
}

}  // namespace

Test(page, two_browsers_and_nc_talk_and_nobody_sees_a_difference) {
    NEEDS("chromium", "chromedriver");
    Daemon daemon;
    Person bob(daemon, "bob");
    Browser alice;
    // Each time the browser opens a connection to spare, which it uses for what it needs next.
    for (int i = 0; i < 3; ++i) {
        alice.open(address(daemon));
        alice.wait_until("document.querySelector('#door')?.hidden === false");
    }
    enter(alice, daemon, "alice");
    bob.expect_line("alice entered the chat room");
    Browser ming({.language = "zh-CN"});
    ming.open(address(daemon));
    ming.expect("#enter-button", "进入聊天室");
    EXPECT_EQ(ming.value("document.documentElement.lang").string, "zh-CN");
    ming.screenshot("door-zh");
    enter(ming, daemon, "小明");
    bob.expect_line("小明 entered the chat room");
    expect_row(alice, "join", "小明");

    say(alice, "hello from a browser");
    bob.expect_line("alice says: hello from a browser");
    expect_row(ming, "say", "hello from a browser");
    expect_row(alice, "say", "hello from a browser");
    bob.write_line("hello from nc");
    expect_row(alice, "say", "hello from nc");
    expect_row(ming, "say", "hello from nc");

    // An input method has Enter for itself until the text is decided.
    ming.click("#message");
    ming.compose("ni hao");
    ming.press_enter_while_composing();
    EXPECT_EQ(ming.value("document.querySelector('#message').value").string, "ni hao");
    ming.commit("你好");
    ming.press(kEnter);
    bob.expect_line("小明 says: 你好");
    expect_row(alice, "say", "你好");

    bob.write_line("/msg alice psst");
    expect_row(alice, "tell", "psst");
    bob.write_line("bye");
    expect_row(ming, "say", "bye");
    EXPECT_FALSE(ming.value("document.body.textContent.includes('psst')").boolean);
    ming.screenshot("room-zh");
    alice.screenshot("room");
    say(ming, "/quit");
    bob.expect("小明 left the chat room\n");
    ming.wait_until("!document.querySelector('#door').hidden");
    expect_no_complaint(alice);
    expect_no_complaint(ming);
    daemon.finish();
}

Test(page, what_people_say_is_text_and_nothing_else) {
    NEEDS("chromium", "chromedriver");
    Daemon daemon;
    Person eve(daemon, "eve");
    Browser alice;
    enter(alice, daemon, "alice");
    eve.expect_line("alice entered the chat room");
    const std::string markup = "<img src=x onerror=xss=1><script>xss=1</script><svg onload=xss=1>";
    eve.write_line(markup);
    eve.write_line("</script></textarea><iframe srcdoc='<script>parent.xss=1</script>'>");
    eve.write_line("/me " + markup);
    eve.write_line("/msg alice " + markup);
    eve.write_line("/nick <b>eve");
    eve.write_line("javascript:xss=1 JavaScript:xss=1 data:text/html,<script>xss=1</script>");
    eve.write_line("https://example.org/\"onmouseover=\"xss=1 https://bank.example@evil.example/");
    eve.write_line(
        "\u202egnihton\u2066 \x1b[31mred\x1b]0;title\x07 \u200b&lt;b&gt; ${xss=1} {{xss=1}}");
    eve.write_line("/quit " + markup);
    eve.expect("Goodbye.");
    expect_row(alice, "say", markup);
    expect_row(alice, "emote", markup);
    expect_row(alice, "tell", markup);
    expect_row(alice, "say", "&lt;b&gt; ${xss=1} {{xss=1}}");
    expect_row(alice, "leave", markup);
    say(alice, markup);
    say(alice, "/history");
    say(alice, "/who <b>");
    say(alice, "/nosuch" + markup);
    say(alice, "the end");
    expect_row(alice, "say", "the end");
    EXPECT_EQ(alice.value("typeof window.xss").string, "undefined");
    EXPECT_EQ(alice
                  .value("document.querySelectorAll('#room :is(img, script, iframe, b, #log svg)')"
                         ".length")
                  .number,
              0);
    EXPECT_EQ(alice
                  .value("[...document.querySelectorAll('#log a')].map(a => a.protocol + a.host)"
                         ".join(' ')")
                  .string,
              "https:example.org");
    EXPECT_EQ(alice
                  .value("[...document.querySelectorAll('#log a')].every("
                         "a => a.target === '_blank' && a.relList.contains('noopener'))")
                  .boolean,
              true);
    EXPECT_FALSE(alice
                     .value("/[\\u0000-\\u0008\\u000b-\\u001f\\u202a-\\u202e\\u2066-\\u2069]/.test("
                            "document.querySelector('#log').textContent)")
                     .boolean);
    EXPECT_EQ(alice.value("document.title").string, "chatd");
    alice.screenshot("markup");
    expect_no_complaint(alice);
    daemon.finish();
}

Test(page, a_broker_that_is_killed_and_an_upgrade_cost_an_open_page_nothing) {
    NEEDS("chromium", "chromedriver");
    Daemon daemon;
    Person bob(daemon, "bob");
    Browser alice;
    enter(alice, daemon, "alice");
    bob.expect_line("alice entered the chat room");
    int count = 0;
    const auto talk = [&] {
        for (int i = 0; i < 5; ++i) {
            bob.write_line(std::to_string(count));
            say(alice, std::to_string(count));
            bob.expect_line("alice says: " + std::to_string(count++));
        }
    };
    talk();
    const pid_t broker = daemon.broker();
    (void)kill(broker, SIGKILL);
    talk();
    (void)daemon.broker(broker);
    daemon.signal(SIGHUP);
    talk();
    daemon.wait_log("upgraded to ");
    talk();
    EXPECT_EQ(said(alice, "bob", count), numbers(0, count));
    EXPECT_EQ(said(alice, "alice", count), numbers(0, count));
    EXPECT_EQ(alice.value("document.querySelectorAll('#outbox .row').length").number, 0);
    EXPECT_TRUE(alice.value("document.querySelector('#status').hidden").boolean);
    EXPECT_TRUE(bob.quiet());
    expect_no_complaint(alice);
    daemon.finish();
}

Test(page, a_page_comes_back_by_itself_when_the_server_is_started_again) {
    NEEDS("chromium", "chromedriver");
    Browser alice;
    std::string port;
    {
        Daemon daemon;
        port = std::to_string(daemon.port());
        enter(alice, daemon, "alice");
        say(alice, "before");
        expect_row(alice, "say", "before");
        daemon.finish();
    }
    alice.wait_until("document.querySelector('#status').dataset.state === 'cut'");
    say(alice, "said while nobody listened");
    alice.screenshot("cut");
    Daemon daemon(DaemonOptions{.port = port});
    Person bob(daemon, "bob");
    // It may have come back before bob did.
    expect_row(alice, "say", "said while nobody listened");
    alice.wait_until("document.querySelector('#status').hidden");
    bob.write_line("/who alice");
    bob.expect("\n  alice ");
    bob.write_line("welcome back");
    expect_row(alice, "say", "welcome back");
    EXPECT_EQ(said(alice, "alice", 2), "before said while nobody listened");
    daemon.finish();
}

Test(page, what_was_said_while_the_server_was_started_again_is_shown_once) {
    NEEDS("chromium", "chromedriver");
    const Scratch scratch;
    give_to_chatd(scratch.path());
    DaemonOptions options{.args = {"--history", scratch.path() + "/history"}};
    constexpr int kBefore = 5;
    constexpr int kMissed = 57;  // more than a newcomer is shown
    Browser alice;
    {
        Daemon daemon(options);
        options.port = std::to_string(daemon.port());
        Person bob(daemon, "bob");
        enter(alice, daemon, "alice");
        bob.expect_line("alice entered the chat room");
        for (int i = 0; i < kBefore; ++i) bob.write_line(std::to_string(i));
        EXPECT_EQ(said(alice, "bob", kBefore), numbers(0, kBefore));
        keep_away(alice);
        daemon.finish();
    }
    alice.wait_until("document.querySelector('#status').dataset.state === 'cut'");
    Daemon daemon(options);
    Person bob(daemon, "bob");
    for (int i = kBefore; i < kBefore + kMissed; ++i) bob.write_line(std::to_string(i));
    bob.write_line("/who bob");
    bob.expect("\n  bob ");  // All of it has been said.
    let_back(alice);
    EXPECT_EQ(said(alice, "bob", kBefore + kMissed), numbers(0, kBefore + kMissed));
    say(alice, "back");
    bob.expect("alice says: back\n");
    EXPECT_EQ(said(alice, "bob", kBefore + kMissed), numbers(0, kBefore + kMissed));
    EXPECT_EQ(alice.value("document.querySelectorAll('#log .away').length").number, 1);
    EXPECT_EQ(alice.value("document.querySelectorAll('#log [data-type=gap]').length").number, 0);
    daemon.finish();
}

Test(page, a_line_whose_answer_is_lost_is_said_once_however_the_server_cleans_it) {
    NEEDS("chromium", "chromedriver");
    Daemon daemon;
    Person bob(daemon, "bob");
    Browser alice;
    enter(alice, daemon, "alice");
    bob.expect_line("alice entered the chat room");
    lose_answers(alice, {"a\tb", "  two  spaces ", "//slash", "/me \twaves ", "\u202eback\u202c",
                         "e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301", "plain"});
    const std::string before = bob.expect("alice entered the chat room\n");
    EXPECT_TRUE(before.starts_with("alice says: a b\n"));
    EXPECT_NE(before.find("alice says: plain\n"), std::string::npos);
    alice.wait_until("document.querySelector('#status').hidden");
    alice.wait_until("document.querySelectorAll('#outbox .row').length === 0");
    say(alice, "the end");
    EXPECT_EQ(bob.expect("alice says: the end\n"), "");
    EXPECT_EQ(said(alice, "alice", 7),
              "a b   two  spaces  /slash back "
              "e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301 plain the end");
    daemon.finish();
}

Test(page, private_words_are_never_sent_again_however_they_were_typed) {
    NEEDS("chromium", "chromedriver");
    Daemon daemon;
    Person bob(daemon, "bob");
    Browser alice;
    enter(alice, daemon, "alice");
    bob.expect_line("alice entered the chat room");
    constexpr std::string_view kPsst[] = {"/msg bob psst", "／msg bob psst", "/MSG bob psst",
                                          " /msg bob psst", "∕ｍsg bob psst"};
    lose_answers(alice, {kPsst[0], kPsst[1], kPsst[2], kPsst[3], kPsst[4]});
    const std::string before = bob.expect("alice entered the chat room\n");
    std::size_t told = 0;
    for (std::size_t at = 0; (at = before.find("psst\n", at)) != std::string::npos; ++at) ++told;
    EXPECT_EQ(told, std::size(kPsst));
    // The person decides.
    alice.wait_until("document.querySelectorAll('#outbox [data-failed] .again').length === 5");
    say(alice, "the end");
    EXPECT_EQ(bob.expect("alice says: the end\n"), "");
    EXPECT_FALSE(
        alice.value("JSON.stringify([localStorage, sessionStorage]).includes('psst')").boolean);
    daemon.finish();
}

Test(page, a_narrow_dark_page_fits_and_a_keyboard_is_enough) {
    NEEDS("chromium", "chromedriver");
    Daemon daemon;
    Person bob(daemon, "bob");
    Browser alice({.width = 320, .height = 568, .dark = true});
    alice.open(address(daemon));
    alice.wait_until("document.activeElement.id === 'name'");
    alice.screenshot("narrow-dark-door");
    alice.press(std::string("alice") + kEnter);
    alice.wait_until("document.activeElement.id === 'message'");
    bob.expect_line("alice entered the chat room");
    alice.press(std::string("no mouse here") + kEnter);
    bob.expect_line("alice says: no mouse here");
    bob.write_line(std::string(300, 'w'));
    bob.write_line("小明在这里说了一句很长很长的话，没有一个空格，看看它会不会在窄屏幕上换行。");
    bob.write_line("https://example.org/" + std::string(200, 'x'));
    bob.write_line("/msg alice " + std::string(100, 'W'));
    expect_row(alice, "tell", "WWW");
    alice.press(std::string("/who") + kEnter);
    alice.wait_until("document.querySelector('#log .row[data-type=who] table') !== null");
    alice.press(std::string("/ps") + kEnter);
    alice.wait_until("document.querySelector('#log .row[data-type=ps] table') !== null");
    expect_to_fit(alice);
    alice.screenshot("narrow-dark-room");

    move_to(alice, std::string(kShift) + kTab, "people-button");
    alice.press(kEnter);
    alice.wait_until("!document.querySelector('#people').hidden");
    alice.expect("#people-list", "bob");
    expect_to_fit(alice);
    alice.screenshot("narrow-dark-people");
    alice.press(kEscape);
    alice.wait_until("document.querySelector('#people').hidden");
    move_to(alice, kTab, "message");
    alice.press(std::string("still no mouse") + kEnter);
    bob.expect_line("alice says: still no mouse");
    expect_no_complaint(alice);
    daemon.finish();
}

Test(page, what_is_said_meanwhile_is_counted_and_moves_nothing_that_is_being_read) {
    NEEDS("chromium", "chromedriver");
    Daemon daemon;
    Person bob(daemon, "bob");
    for (int i = 0; i < 12; ++i) bob.write_line("old " + std::to_string(i));
    Browser alice;
    enter(alice, daemon, "alice");
    bob.expect_line("alice entered the chat room");
    // She is shown the last 10, which do not fill her window: the wheel has nothing to scroll.
    expect_row(alice, "say", "old 11");
    (void)alice.value("document.querySelector('#scroll').dispatchEvent(new WheelEvent('wheel'))");
    expect_row(alice, "say", "old 0");
    alice.hide();
    bob.write_line("one");
    bob.write_line("two");
    alice.wait_until("document.title === '(2) chatd'");
    alice.show();
    alice.wait_until("document.title === 'chatd'");

    for (int i = 0; i < 200; ++i) bob.write_line("early " + std::to_string(i));
    expect_row(alice, "say", "early 199");
    alice.wait_until("document.querySelector('#newest').hidden");
    // What is being read now, and where it stands. Scrolling is told in the next frame.
    (void)alice.value(
        "(document.querySelector('#scroll').scrollTop = document.querySelector('#scroll')"
        ".scrollHeight / 2, 0)");
    alice.wait_until("!document.querySelector('#newest').hidden");
    (void)alice.value(
        "(window.reading = [...document.querySelectorAll('#log .row')].find("
        "row => row.getBoundingClientRect().top > 200), window.place = "
        "reading.getBoundingClientRect().top, 0)");
    for (int i = 0; i < 1000; ++i) bob.write_line("late " + std::to_string(i));
    expect_row(alice, "say", "late 999");
    alice.wait_until("document.querySelector('#newest-count').textContent.includes('1000')");
    EXPECT_TRUE(alice.value("Math.abs(reading.getBoundingClientRect().top - place) < 2").boolean);
    alice.screenshot("reading-back");
    alice.click("#newest");
    alice.wait_until("document.querySelector('#newest').hidden");
    expect_no_complaint(alice);
    daemon.finish();
}
