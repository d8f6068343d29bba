// People in the room read what they should, over real connections to the real program.
#include <criterion/criterion.h>

#include <string>
#include <utility>

#include "support/client.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/where.h"

using namespace chatd::test;

TestSuite(chat, .timeout = 30);

namespace {

// When this returns, `about` has got everything that was sent to it before.
void settle(Client& about, Client& speaker, const std::string& name, Where where = Where::here()) {
    const Caller caller(where);
    speaker.send_line("settled");
    about.expect_line(name + " says: settled");
}

}  // namespace

Test(chat, the_prompt_comes_at_once_and_has_no_newline) {
    Daemon daemon;
    Client client(daemon.port());
    client.expect("Your name: ");
    EXPECT_TRUE(client.quiet());
    client.close();
    daemon.finish();
}

Test(chat, a_client_that_is_alone_is_told_so) {
    Daemon daemon;
    Client alice(daemon.port());
    alice.expect("Your name: ");
    alice.send_line("alice");
    alice.expect_line("Welcome, alice. /help lists the commands; leave with /quit, not Ctrl-D.");
    alice.expect_line("You are the only one here.");
    daemon.finish();
}

Test(chat, all_others_read_who_enters_what_is_said_and_who_leaves) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    bob.send_line("anyone for lunch?");
    alice.expect_line("bob says: anyone for lunch?");
    bob.send_line("/me waves");
    alice.expect_line("* bob waves");
    bob.send_line("/quit");
    bob.expect_line("Goodbye.");
    bob.expect_eof();
    alice.expect_line("bob left the chat room");
    daemon.finish();
}

Test(chat, the_chinese_lines_are_those_of_the_homework) {
    Daemon daemon(DaemonOptions{.lang = "zh"});
    Client first(daemon.port());
    first.expect("请输入用户名：");
    first.send_line("小明");
    first.expect("现在只有你一个人。\n");
    Client second(daemon.port());
    second.send_line("小红");
    second.expect("小明、小红");
    first.expect_line("小红 进入聊天室");
    second.send_line("你好");
    first.expect_line("小红 说： 你好");
    second.close();
    first.expect_line("小红 退出了聊天室");
    daemon.finish();
}

Test(chat, each_client_has_its_own_language) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    alice.send_line("/lang zh");
    alice.expect_line("语言已换成中文。");
    bob.send_line("hello");
    alice.expect_line("bob 说： hello");
    alice.send_line("hello");
    bob.expect_line("alice says: hello");
    daemon.finish();
}

Test(chat, own_lines_do_not_come_back) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    alice.send_line("my own words");
    bob.expect_line("alice says: my own words");
    settle(alice, bob, "bob");
    daemon.finish();
}

Test(chat, a_newcomer_reads_the_last_ten_messages_with_their_times_and_then_new_ones) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client witness = join(daemon.port(), "witness");
    for (int i = 1; i <= 12; ++i) {
        alice.send_line("message " + std::to_string(i));
        witness.expect_line("alice says: message " + std::to_string(i));
    }
    Client bob = join(daemon.port(), "bob");
    for (int i = 3; i <= 12; ++i) {
        const std::string line = bob.line();
        EXPECT_EQ(line.substr(0, 1), "[");
        EXPECT_EQ(line.substr(3, 1), ":");
        EXPECT_EQ(line.substr(6), "] alice says: message " + std::to_string(i));
    }
    alice.send_line("and now");
    bob.expect_line("alice says: and now");
    daemon.finish();
}

Test(chat, replay_shows_as_many_as_asked_for) {
    Daemon daemon({"--replay", "1"});
    Client alice = join(daemon.port(), "alice");
    Client witness = join(daemon.port(), "witness");
    alice.send_line("one");
    alice.send_line("two");
    witness.expect_line("alice says: one");
    witness.expect_line("alice says: two");
    Client bob = join(daemon.port(), "bob");
    EXPECT_CONTAINS(bob.line(), "] alice says: two");
    daemon.finish();
}

Test(chat, a_taken_name_is_refused_with_its_reason_and_the_prompt_again) {
    Daemon daemon;
    Client alice = join(daemon.port(), "Alice");
    Client other(daemon.port());
    other.expect("Your name: ");
    other.send_line("aLICE");
    other.expect_line("The name aLICE is taken, or looks like one that is.");
    other.expect("Your name: ");
    other.send_line("bob");
    other.expect("Welcome, bob.");
    daemon.finish();
}

Test(chat, a_name_that_looks_like_that_of_a_member_is_refused_until_the_member_has_left) {
    Daemon daemon;
    Client witness = join(daemon.port(), "witness");
    Client alice = join(daemon.port(), "alice");
    witness.expect_line("alice entered the chat room");
    Client other(daemon.port());
    other.expect("Your name: ");
    other.send_line("a1ice");
    other.expect_line("The name a1ice is taken, or looks like one that is.");
    witness.send_line("/nick aIice");
    witness.expect_line("The name aIice is taken, or looks like one that is.");
    alice.send_line("/nick ALICE");
    alice.expect_line("You are now called ALICE.");
    alice.send_line("/quit");
    alice.expect_line("Goodbye.");
    alice.expect_eof();
    witness.expect_line("alice is now called ALICE");
    witness.expect_line("ALICE left the chat room");
    other.send_line("a1ice");
    other.expect("Welcome, a1ice.");
    daemon.finish();
}

Test(chat, a_name_that_shows_as_that_of_a_member_or_as_nothing_is_refused) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    const std::pair<const char*, const char*> cases[] = {
        {"alice\U00013442", "The name alice is taken"},  // what shows as nothing is trimmed off
        {"\u11A8", "A name "},
        {"\u0430lice", "A name "},
        {"alice.", "A name "},
    };
    for (const auto& [name, refusal] : cases) {
        Client other(daemon.port());
        other.expect("Your name: ");
        other.send_line(name);
        EXPECT_CONTAINS(other.line(), refusal);
        other.expect("Your name: ");
    }
    daemon.finish();
}

Test(chat, real_names_of_all_scripts_come_in_and_are_spoken_to_in_any_form) {
    Daemon daemon({"--no-penalties"});
    Client alice = join(daemon.port(), "alice");
    alice.send_line("/time off");
    alice.expect_line("Times are no longer shown.");
    const std::pair<const char*, const char*> names[] = {
        {"阿卜杜·热合曼", "阿卜杜\u30FB热合曼"},
        {"レオナルド・ディカプリオ", "レオナルド\u00B7ディカプリオ"},
        {"ג׳ורג׳", "ג'ורג'"},
        {"علی\u200Cرضا", "علیرضا"},
        {"O'Brien", "o\u2019BRIEN"},
        {"Jos\u00E9", "jose\u0301"},
    };
    for (const auto& [name, typed] : names) {
        Client other(daemon.port());
        other.expect("Your name: ");
        other.send_line(std::string("\u3000") + name + "\u3000");
        other.expect(std::string("Welcome, ") + name + ".");
        other.expect(std::string(name) + ".\n");
        alice.expect_line(std::string(name) + " entered the chat room");
        alice.send_line(std::string("/msg ") + typed + " psst");
        other.expect_line("alice tells you: psst");
        alice.send_line(std::string("/nick ") + typed);
        alice.expect_line(std::string("The name ") + typed +
                          " is taken, or looks like one that is.");
        other.send_line("/quit");
        other.expect_line("Goodbye.");
        alice.expect_line(std::string(name) + " left the chat room");
    }
    daemon.finish();
}

Test(chat, a_line_sent_behind_a_refused_name_does_not_become_a_name) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client other(daemon.port());
    other.send("alice\nhello\n");
    other.expect("The name alice is taken, or looks like one that is.\nYour name: ");
    other.send_line("bob");
    other.expect("Welcome, bob.");
    alice.expect_line("bob entered the chat room");
    daemon.finish();
}

Test(chat, five_bad_names_end_the_connection) {
    Daemon daemon;
    Client client(daemon.port());
    for (const char* const name : {"a b", "\x1b[31m", "!", "  ", "\xff"}) {
        client.expect("Your name: ");
        client.send_line(name);
    }
    client.expect("Too many tries. Goodbye.\n");
    client.expect_eof();
    daemon.wait_log("told no good name");
    daemon.finish();
}

Test(chat, two_clients_that_ask_for_one_name_at_once_do_not_both_get_it) {
    Daemon daemon;
    for (int round = 0; round < 20; ++round) {
        const std::string name = "n" + std::to_string(round);
        Client first(daemon.port());
        Client second(daemon.port());
        first.send_line(name);
        second.send_line(name);
        first.expect("Your name: ");
        second.expect("Your name: ");
        const bool first_got_it = first.line().starts_with("Welcome");
        const bool second_got_it = second.line().starts_with("Welcome");
        EXPECT_NE(first_got_it, second_got_it);
    }
    daemon.finish();
}

Test(chat, a_name_is_free_once_its_owner_has_left) {
    Daemon daemon;
    Client witness = join(daemon.port(), "witness");
    Client alice = join(daemon.port(), "alice");
    witness.expect_line("alice entered the chat room");
    alice.close();
    witness.expect_line("alice left the chat room");
    Client next = join(daemon.port(), "alice");
    witness.expect_line("alice entered the chat room");
    daemon.finish();
}

Test(chat, a_private_message_reaches_one_person_and_can_be_answered) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    Client carol = join(daemon.port(), "carol");
    alice.expect_line("bob entered the chat room");
    alice.expect_line("carol entered the chat room");
    bob.expect_line("carol entered the chat room");
    alice.send_line("/msg BOB just us");
    bob.expect_line("alice tells you: just us");
    bob.send_line("/r indeed");
    alice.expect_line("bob tells you: indeed");
    settle(carol, alice, "alice");
    alice.send_line("/msg nobody hello");
    alice.expect_line("Nobody here is called nobody.");
    alice.send_line("/history");
    EXPECT_CONTAINS(alice.line(), "bob tells you: indeed");
    carol.send_line("/history");
    EXPECT_CONTAINS(carol.line(), "alice says: settled");
    daemon.finish();
}

Test(chat, a_new_name_is_told_to_all_and_the_old_one_is_free) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    alice.send_line("/nick 爱丽丝");
    alice.expect_line("You are now called 爱丽丝.");
    bob.expect_line("alice is now called 爱丽丝");
    bob.send_line("/nick alice");
    bob.expect_line("You are now called alice.");
    alice.expect_line("bob is now called alice");
    daemon.finish();
}

Test(chat, who_shows_name_pid_since_idle_and_address) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    daemon.wait_log("alice joined");
    alice.send_line("/who");
    alice.expect_line("You are the only one here:");
    const std::string headings = alice.line();
    const std::string row = alice.line();
    EXPECT_TRUE(headings.starts_with("  name "));
    EXPECT_TRUE(headings.ends_with("  since  idle  address"));
    EXPECT_TRUE(row.starts_with("  alice  "));
    EXPECT_CONTAINS(row, " s  127.0.0.1:" + std::to_string(alice.local_port()));
    EXPECT_EQ(headings.find("address"), row.find("127.0.0.1:"));
    daemon.finish();
}

Test(chat, an_answer_comes_before_what_the_client_does_next) {
    Daemon daemon;
    Client alice(daemon.port());
    alice.send("alice\nsaid first\n/history\n/who\n/quit\n");
    alice.expect("Welcome, alice.");
    alice.expect("] alice says: said first\n");
    alice.expect("You are the only one here:\n");
    alice.expect("Goodbye.\n");
    alice.expect_eof();
    daemon.finish();
}

Test(chat, private_words_typed_in_full_width_reach_one_person) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client ming = join(daemon.port(), "小明");
    Client eve = join(daemon.port(), "eve");
    for (const char* line :
         {"／msg 小明 秘密", "\u3000/msg\u3000小明\u3000秘密", "\033/msg @小明：秘密"}) {
        alice.send_line(line);
        ming.expect("alice tells you: 秘密\n");
    }
    alice.send_line("、msg 小明 秘密");
    alice.expect("That was not said. Did you mean /msg?");
    alice.send_line("公开");
    eve.expect_line("alice says: 公开");
    daemon.finish();
}

Test(chat, an_unknown_command_gets_a_hint_and_never_reaches_the_room) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    alice.send_line("/hlep");
    alice.expect_line("There is no command /hlep. Did you mean /help?");
    alice.send_line("//hlep");
    bob.expect_line("alice says: /hlep");
    daemon.finish();
}

Test(chat, times_stand_before_each_line_when_asked_for) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    alice.send_line("/time on");
    alice.expect_line("What happens is now shown with its time.");
    bob.send_line("hello");
    EXPECT_CONTAINS(alice.line(), "] bob says: hello");
    alice.send_line("/time off");
    alice.expect_line("Times are no longer shown.");
    settle(alice, bob, "bob");
    daemon.finish();
}

Test(chat, nothing_that_controls_a_terminal_reaches_others) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    bob.send_line(
        "a\x1b[31mred\x1b]0;title\x07 \x01\x0b\xc2\x9b"
        "2Jb\xe2\x80\xae"
        "c\xfe!");
    alice.expect_line("bob says: ared bc\xef\xbf\xbd!");
    daemon.finish();
}

Test(chat, a_line_that_is_too_long_is_refused_and_the_next_one_arrives) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    bob.send_line(std::string(4096, 'x'));
    alice.expect_line("bob says: " + std::string(4096, 'x'));
    bob.send_line(std::string(100'000, 'y'));
    bob.expect_line("That line was too long and was not sent: 4096 bytes at most.");
    settle(alice, bob, "bob");
    daemon.finish();
}

Test(chat, lines_arrive_whole_however_they_are_cut) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob(daemon.port());
    for (const char byte : std::string("bob\r\n你好\r\n\r\nsecond\n")) bob.send({&byte, 1});
    alice.expect_line("bob entered the chat room");
    alice.expect_line("bob says: 你好");
    alice.expect_line("bob says: second");
    bob.send("three\nfour\nlast words without an end");
    alice.expect_line("bob says: three");
    alice.expect_line("bob says: four");
    bob.shutdown_write();
    alice.expect_line("bob says: last words without an end");
    alice.expect_line("bob left the chat room");
    bob.expect("alice");
    (void)bob.rest();
    daemon.finish();
}

Test(chat, last_words_are_read_by_all) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    bob.send_line("/quit see you");
    alice.expect_line("bob left the chat room: see you");
    daemon.finish();
}

Test(chat, a_broken_connection_is_told_as_such) {
    Daemon daemon;
    Client alice = join(daemon.port(), "alice");
    Client bob = join(daemon.port(), "bob");
    alice.expect_line("bob entered the chat room");
    bob.reset();
    alice.expect_line("bob left the chat room (connection lost)");
    daemon.wait_log("connection lost");
    daemon.finish();
}

Test(chat, ipv4_and_ipv6_meet_in_one_room) {
    Daemon daemon(DaemonOptions{.address = std::nullopt});
    Client four = join(daemon.port(), "four");
    Client six(daemon.port(), Family::V6);
    six.send_line("six");
    four.expect_line("six entered the chat room");
    four.send_line("/who");
    four.expect("  127.0.0.1:");
    four.expect("  [::1]:");
    daemon.finish();
}
