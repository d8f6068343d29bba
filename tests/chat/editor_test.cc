// Specification of chat/editor: what each key does to the line.
//
// The tables were compared with readline 8.2 (`read -e` of bash), as were random keys of the same
// kinds. Where the editor differs on purpose, its test says so.
#include "chat/editor.h"

#include <criterion/criterion.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/bounds.h"
#include "support/expect.h"
#include "support/where.h"

using chatd::Editor;
using chatd::InputHistory;
using chatd::Key;
using chatd::Outcome;
using chatd::test::Where;

TestSuite(editor, .timeout = 20);

namespace {

// A person at a terminal.
class Typist {
  public:
    explicit Typist(const std::vector<std::string>& history = {}) : editor_(history_) {
        for (const std::string& line : history) history_.add(line);
    }

    Outcome press(Key key) { return editor_.press({key}); }
    Outcome type(std::string_view text) { return editor_.press({Key::Text, std::string(text)}); }
    Outcome paste(std::string_view text) { return editor_.press({Key::Paste, std::string(text)}); }

    Typist& with(Key key) {
        press(key);
        return *this;
    }
    Typist& with(std::string_view text) {
        type(text);
        return *this;
    }

    Editor& editor() { return editor_; }

    // The line, with "|" at the cursor.
    std::string shown() { return std::string(editor_.line()).insert(editor_.cursor(), 1, '|'); }

  private:
    InputHistory history_;
    Editor editor_;
};

// A line, with "|" at the cursor, what was pressed, and what is there then.
struct Case {
    std::string before;
    std::vector<Key> keys;
    std::string after;
};

void expect_case(const Case& each) {
    const std::size_t cursor = each.before.find('|');
    Typist typist;
    typist.editor().set(each.before.substr(0, cursor) + each.before.substr(cursor + 1));
    while (typist.editor().cursor() > cursor) typist.press(Key::Left);
    ASSERT_EQ(typist.shown(), each.before);
    for (const Key key : each.keys) typist.press(key);
    EXPECT_EQ(typist.shown(), each.after);
}

void expect_cases(const std::vector<Case>& cases, Where where = Where::here()) {
    const chatd::test::Caller caller(where);
    for (const Case& each : cases) expect_case(each);
}

const std::string kFamily = "👨\u200D👩\u200D👧";
const std::string kAccented = "e\u0301";

}  // namespace

// --- Typing and moving

Test(editor, text_goes_in_at_the_cursor) {
    Typist typist;
    EXPECT_EQ(typist.type("helo"), Outcome::Changed);
    typist.with(Key::Left).with("l");
    EXPECT_EQ(typist.shown(), "hell|o");
    typist.with(Key::Home).with("你好 ");
    EXPECT_EQ(typist.shown(), "你好 |hello");
}

Test(editor, arrows_move_by_clusters) {
    expect_cases({{"ab|c", {Key::Left}, "a|bc"},
                  {"ab|c", {Key::Right}, "abc|"},
                  {"|abc", {Key::Left}, "|abc"},
                  {"abc|", {Key::Right}, "abc|"},
                  {"你好|", {Key::Left}, "你|好"},
                  {"a" + kFamily + "|b", {Key::Left}, "a|" + kFamily + "b"},
                  {"|" + kFamily + "b", {Key::Right}, kFamily + "|b"},
                  {"x" + kAccented + "|", {Key::Left}, "x|" + kAccented},
                  {"🇨🇳🇺🇸|", {Key::Left}, "🇨🇳|🇺🇸"},
                  {"👍🏽|👍", {Key::Left}, "|👍🏽👍"},
                  {"ab|c", {Key::Home}, "|abc"},
                  {"ab|c", {Key::End}, "abc|"}});
}

Test(editor, word_keys_move_over_letters_and_digits) {
    expect_cases(
        {{"one two|", {Key::WordLeft}, "one |two"},
         {"one two |", {Key::WordLeft}, "one |two "},
         {"one two|", {Key::WordLeft, Key::WordLeft, Key::WordLeft}, "|one two"},
         {"|one two", {Key::WordRight}, "one| two"},
         {"one| two", {Key::WordRight}, "one two|"},
         {"one (two)|", {Key::WordLeft}, "one (|two)"},
         {"|a_1.b", {Key::WordRight, Key::WordRight}, "a_1|.b"},
         {"你好 世界|", {Key::WordLeft}, "你好 |世界"},
         {"|你好，世界", {Key::WordRight}, "你好|，世界"},
         {"中a文|", {Key::WordLeft}, "|中a文"},
         {kAccented + "t" + kAccented + "|", {Key::WordLeft}, "|" + kAccented + "t" + kAccented},
         {kFamily + " a|", {Key::WordLeft, Key::WordLeft}, "|" + kFamily + " a"}});
}

Test(editor, a_key_that_can_do_nothing_says_so) {
    Typist typist;
    for (const Key key : {Key::Left, Key::Right, Key::Home, Key::End, Key::WordLeft, Key::Backspace,
                          Key::Delete, Key::KillToEnd, Key::KillToStart, Key::Yank, Key::Transpose,
                          Key::Undo, Key::Up, Key::Down, Key::Escape, Key::Cancel, Key::Unknown}) {
        EXPECT_EQ(typist.press(key), Outcome::Nothing);
    }
}

// --- Erasing

// As readline does: a mark that was typed after its letter is erased with it.
Test(editor, backspace_and_delete_erase_a_cluster) {
    expect_cases({{"ab|c", {Key::Backspace}, "a|c"},
                  {"a|bc", {Key::Delete}, "a|c"},
                  {"你好|", {Key::Backspace}, "你|"},
                  {"x" + kAccented + "|y", {Key::Backspace}, "x|y"},
                  {"|" + kAccented + "y", {Key::Delete}, "|y"},
                  {"a" + kFamily + "|", {Key::Backspace}, "a|"},
                  {"|" + kFamily + "a", {Key::Delete}, "|a"},
                  {"🇨🇳🇺🇸|", {Key::Backspace}, "🇨🇳|"},
                  {"a|b", {Key::EndOfInput}, "a|"}});
}

Test(editor, a_mark_goes_to_the_letter_before_it) {
    Typist typist;
    typist.with("xe").with("\u0301").with(Key::Left);
    EXPECT_EQ(typist.shown(), "x|e\u0301");
}

Test(editor, the_cursor_is_never_inside_of_a_cluster) {
    Typist typist;
    typist.with("🇨x🇳").with(Key::Left).with(Key::Backspace);
    EXPECT_EQ(typist.shown(), "🇨🇳|");
    typist.with(Key::Home).with("👨\u200D").with(Key::Left);
    EXPECT_EQ(typist.shown(), "|👨\u200D🇨🇳");
    typist.with(Key::Right).with("👩").with(Key::Left);
    EXPECT_EQ(typist.shown(), "|👨\u200D👩🇨🇳");
}

// --- Killing

Test(editor, what_is_killed_can_be_yanked) {
    expect_cases({{"one |two", {Key::KillToEnd}, "one |"},
                  {"one |two", {Key::KillToStart}, "|two"},
                  {"one |two", {Key::KillToEnd, Key::Home, Key::Yank}, "two|one "},
                  {"one two|", {Key::DeleteWordBefore}, "one |"},
                  {"one (two)|", {Key::DeleteWordBefore}, "one (|"},
                  {"one (two)|", {Key::DeleteToSpace}, "one |"},
                  {"one two  |", {Key::DeleteToSpace}, "one |"},
                  {"one two|", {Key::DeleteToSpace, Key::DeleteToSpace}, "|"},
                  {"|one two", {Key::DeleteWordAfter}, "| two"},
                  {"|, two x", {Key::DeleteWordAfter}, "| x"},
                  {"你好 世界|", {Key::DeleteToSpace}, "你好 |"},
                  {"你好 世界|", {Key::DeleteWordBefore, Key::Yank, Key::Yank}, "你好 世界世界|"}});
}

Test(editor, what_is_killed_in_a_row_is_yanked_as_a_whole) {
    expect_cases(
        {{"a b c|", {Key::DeleteToSpace, Key::DeleteToSpace, Key::Yank}, "a b c|"},
         {"|a b c", {Key::DeleteWordAfter, Key::DeleteWordAfter, Key::Yank}, "a b| c"},
         {"a b| c d", {Key::DeleteWordBefore, Key::DeleteWordAfter, Key::Yank}, "a b c| d"},
         {"a b c|", {Key::DeleteToSpace, Key::Left, Key::DeleteToSpace, Key::Yank}, "a b| "}});
}

Test(editor, a_line_that_was_taken_can_be_yanked_into_the_next) {
    Typist typist;
    typist.with("hello").with(Key::KillToStart);
    typist.editor().take();
    typist.with(Key::Yank);
    EXPECT_EQ(typist.shown(), "hello|");
}

Test(editor, two_clusters_are_transposed) {
    expect_cases(
        {{"ab|c", {Key::Transpose}, "acb|"},
         {"a|bc", {Key::Transpose}, "ba|c"},
         {"abc|", {Key::Transpose}, "acb|"},
         {"|abc", {Key::Transpose}, "|abc"},
         {"a|", {Key::Transpose}, "a|"},
         {"小明|", {Key::Transpose}, "明小|"},
         {"a" + kFamily + "|" + kAccented, {Key::Transpose}, "a" + kAccented + kFamily + "|"}});
}

// --- Undo

Test(editor, typing_is_undone_word_by_word) {
    Typist typist;
    for (const char* text : {"h", "i", " ", "y", "o", "u"}) typist.with(text);
    EXPECT_EQ(typist.press(Key::Undo), Outcome::Changed);
    EXPECT_EQ(typist.shown(), "hi |");
    typist.press(Key::Undo);
    EXPECT_EQ(typist.shown(), "|");
    EXPECT_EQ(typist.press(Key::Undo), Outcome::Nothing);
}

Test(editor, what_an_input_method_hands_over_is_undone_at_once) {
    Typist typist;
    typist.with("你好").with("世界").with(Key::Undo);
    EXPECT_EQ(typist.shown(), "你好|");
}

// readline puts the cursor behind what has come back.
Test(editor, undo_brings_back_the_line_and_the_cursor) {
    expect_cases({{"one |two", {Key::KillToEnd, Key::Undo}, "one |two"},
                  {"one |two", {Key::Backspace, Key::Backspace, Key::Undo}, "one|two"},
                  {"one |two", {Key::Backspace, Key::Backspace, Key::Undo, Key::Undo}, "one |two"},
                  {"ab|c", {Key::Transpose, Key::Undo}, "ab|c"},
                  {"ab|", {Key::KillToStart, Key::Yank, Key::Yank, Key::Undo, Key::Undo}, "|"}});
}

Test(editor, each_line_of_the_history_is_undone_by_itself) {
    Typist typist({"old"});
    typist.with("new").with(Key::Up).with("er").with(Key::Down).with(Key::Undo);
    EXPECT_EQ(typist.shown(), "|");
    typist.with(Key::Up);
    EXPECT_EQ(typist.shown(), "older|");
    typist.with(Key::Undo);
    EXPECT_EQ(typist.shown(), "old|");
}

Test(editor, the_steps_that_can_be_undone_are_bounded) {
    Typist typist;
    for (std::size_t step = 0; step < 2 * chatd::kUndosMax; ++step) typist.with("字");
    while (typist.press(Key::Undo) == Outcome::Changed) continue;
    EXPECT_EQ(typist.editor().line().size(), chatd::kUndosMax * 3);
}

// --- History

Test(editor, Up_and_Down_go_through_the_history) {
    Typist typist({"first", "second"});
    typist.with("dra").with(Key::Up);
    EXPECT_EQ(typist.shown(), "second|");
    typist.with(Key::Up);
    EXPECT_EQ(typist.shown(), "first|");
    EXPECT_EQ(typist.press(Key::Up), Outcome::Nothing);
    typist.with(Key::Down).with(Key::Down);
    EXPECT_EQ(typist.shown(), "dra|");
    EXPECT_EQ(typist.press(Key::Down), Outcome::Nothing);
}

Test(editor, a_line_of_the_history_that_was_edited_stays_so_until_Enter) {
    Typist typist({"first", "second"});
    typist.with(Key::Up).with("!").with(Key::Up).with(Key::Down);
    EXPECT_EQ(typist.shown(), "second!|");
    typist.with(Key::Up);
    EXPECT_EQ(typist.press(Key::Enter), Outcome::Entered);
    EXPECT_EQ(typist.editor().take(), "first");
    EXPECT_EQ(typist.shown(), "|");
    typist.with(Key::Up);
    EXPECT_EQ(typist.shown(), "second|");
}

// --- Search

Test(editor, a_search_shows_the_newest_line_that_has_the_text) {
    Typist typist({"hello world", "你好 世界", "say hello"});
    EXPECT_EQ(typist.press(Key::SearchBack), Outcome::Changed);
    EXPECT_EQ(typist.editor().search()->text, "");
    EXPECT_EQ(typist.type("l"), Outcome::Changed);
    EXPECT_EQ(typist.shown(), "say hel|lo");
    typist.with("lo");
    EXPECT_EQ(typist.editor().search()->text, "llo");
    EXPECT_EQ(typist.shown(), "say he|llo");
    typist.with(Key::SearchBack);
    EXPECT_EQ(typist.shown(), "he|llo world");
}

Test(editor, a_search_without_a_find_fails_and_shows_the_last) {
    Typist typist({"hello", "other"});
    typist.with(Key::SearchBack).with("hel").with("x");
    EXPECT_TRUE(typist.editor().search()->failed);
    EXPECT_EQ(typist.shown(), "|hello");
    typist.with(Key::Backspace);
    EXPECT_FALSE(typist.editor().search()->failed);
    EXPECT_EQ(typist.editor().search()->text, "hel");
    typist.with(Key::SearchBack);
    EXPECT_TRUE(typist.editor().search()->failed);
}

Test(editor, Enter_takes_and_enters_what_was_found) {
    Typist typist({"hello world"});
    typist.with(Key::SearchBack).with("wor");
    EXPECT_EQ(typist.press(Key::Enter), Outcome::Entered);
    EXPECT_FALSE(typist.editor().search().has_value());
    EXPECT_EQ(typist.editor().take(), "hello world");
}

Test(editor, other_keys_take_what_was_found_for_editing) {
    for (const Key key : {Key::Escape, Key::Left, Key::End, Key::Up, Key::KillToStart, Key::Tab}) {
        Typist typist({"first", "hello world"});
        typist.with(Key::SearchBack).with("wor").with(key);
        EXPECT_FALSE(typist.editor().search().has_value());
        const std::string expected = key == Key::Escape || key == Key::Tab ? "hello |world"
                                     : key == Key::Left                    ? "hello| world"
                                     : key == Key::End                     ? "hello world|"
                                     : key == Key::Up                      ? "first|"
                                                                           : "|world";
        EXPECT_EQ(typist.shown(), expected);
    }
}

Test(editor, a_search_that_is_cancelled_leaves_the_line_as_it_was) {
    Typist typist({"hello"});
    typist.with("draft").with(Key::Left).with(Key::SearchBack).with("h").with(Key::Cancel);
    EXPECT_EQ(typist.shown(), "draf|t");
    EXPECT_FALSE(typist.editor().search().has_value());
}

Test(editor, a_search_for_nothing_is_for_what_was_searched_last) {
    Typist typist({"hello", "other"});
    typist.with(Key::SearchBack).with("ell").with(Key::Cancel);
    typist.with(Key::SearchBack).with(Key::SearchBack);
    EXPECT_EQ(typist.editor().search()->text, "ell");
    EXPECT_EQ(typist.shown(), "h|ello");
}

Test(editor, a_line_that_is_there_twice_is_found_once) {
    Typist typist({"hello 1", "hello", "x", "hello"});
    typist.with(Key::SearchBack).with("hello").with(Key::SearchBack);
    EXPECT_EQ(typist.shown(), "|hello 1");
}

// --- What the caller has to do

Test(editor, keys_that_are_for_the_caller_change_nothing) {
    Typist typist;
    typist.with("line");
    EXPECT_EQ(typist.press(Key::Enter), Outcome::Entered);
    EXPECT_EQ(typist.press(Key::Interrupt), Outcome::Interrupted);
    EXPECT_EQ(typist.press(Key::Redraw), Outcome::Redraw);
    EXPECT_EQ(typist.press(Key::Suspend), Outcome::Suspended);
    EXPECT_EQ(typist.press(Key::Tab), Outcome::WantsCompletion);
    EXPECT_EQ(typist.shown(), "line|");
}

Test(editor, Ctrl_D_ends_only_an_empty_line) {
    Typist typist;
    EXPECT_EQ(typist.press(Key::EndOfInput), Outcome::Ended);
    typist.with("ab").with(Key::Home);
    EXPECT_EQ(typist.press(Key::EndOfInput), Outcome::Changed);
    EXPECT_EQ(typist.shown(), "|b");
}

// As readline does: the key may have been held too long.
Test(editor, Ctrl_D_that_has_just_erased_the_line_does_not_end) {
    Typist typist;
    typist.with("a").with(Key::Home).with(Key::EndOfInput);
    EXPECT_EQ(typist.press(Key::EndOfInput), Outcome::Nothing);
    typist.with(Key::Left);
    EXPECT_EQ(typist.press(Key::EndOfInput), Outcome::Ended);
}

Test(editor, a_completion_takes_the_place_of_its_word) {
    Typist typist;
    typist.with("hi al!").with(Key::Left);
    EXPECT_EQ(typist.editor().replace_before_cursor(2, "Alice "), Outcome::Changed);
    EXPECT_EQ(typist.shown(), "hi Alice |!");
    typist.with(Key::Undo);
    EXPECT_EQ(typist.shown(), "hi al|!");
}

// --- Pasting

Test(editor, a_paste_of_one_line_is_inserted) {
    Typist typist;
    typist.with("ab").with(Key::Left);
    EXPECT_EQ(typist.paste("1\t2"), Outcome::Changed);
    EXPECT_EQ(typist.shown(), "a1 2|b");
    EXPECT_EQ(typist.paste("x\n"), Outcome::Changed);
    EXPECT_EQ(typist.paste("\n\n y\n"), Outcome::Changed);
    EXPECT_EQ(typist.shown(), "a1 2x y|b");
    EXPECT_EQ(typist.paste("\n"), Outcome::Nothing);
}

Test(editor, a_paste_of_several_lines_has_to_be_confirmed) {
    Typist typist;
    typist.with("draft");
    EXPECT_EQ(typist.paste("one\n\ntwo\033[31m\n  \n三"), Outcome::WantsPasteConfirmation);
    EXPECT_EQ(typist.shown(), "draft|");
    EXPECT_EQ(typist.editor().pending_paste(), (std::vector<std::string>{"one", "two", "三"}));
    EXPECT_EQ(typist.editor().take_paste().size(), 3);
    EXPECT_TRUE(typist.editor().pending_paste().empty());
}

Test(editor, a_paste_into_a_search_ends_it) {
    Typist typist({"hello"});
    typist.with(Key::SearchBack).with("hel");
    typist.paste("!");
    EXPECT_EQ(typist.shown(), "!|hello");
}

// --- Bounds and cleanness

Test(editor, a_full_line_takes_no_more) {
    Typist typist;
    const std::string full(chatd::kLineBytesMax - 1, 'x');
    EXPECT_EQ(typist.paste(full), Outcome::Changed);
    EXPECT_EQ(typist.type("你"), Outcome::Refused);
    EXPECT_EQ(typist.type("y"), Outcome::Changed);
    EXPECT_EQ(typist.type("z"), Outcome::Refused);
    EXPECT_EQ(typist.editor().line(), full + "y");
    EXPECT_EQ(typist.editor().replace_before_cursor(1, "zz"), Outcome::Refused);
    EXPECT_EQ(typist.editor().line(), full + "y");
}

Test(editor, a_paste_that_is_too_long_is_refused_as_a_whole) {
    Typist typist;
    EXPECT_EQ(typist.paste(std::string(chatd::kLineBytesMax + 1, 'x')), Outcome::Refused);
    EXPECT_EQ(typist.paste("a\nb\n" + std::string(chatd::kLineBytesMax + 1, 'x')),
              Outcome::Refused);
    EXPECT_EQ(typist.paste(std::string(chatd::kPasteBytesMax + 1, '\n')), Outcome::Refused);
    EXPECT_EQ(typist.shown(), "|");
    EXPECT_TRUE(typist.editor().pending_paste().empty());
}

Test(editor, whatever_comes_in_is_cleaned) {
    Typist typist;
    EXPECT_EQ(typist.type("\u202E"), Outcome::Nothing);
    typist.paste("a\033[2J\x07z\xFF");
    EXPECT_EQ(typist.shown(), "az\uFFFD|");
    typist.editor().set("\u0301x\ny");
    EXPECT_EQ(typist.shown(), "xy|");
    typist.editor().set(std::string(2 * chatd::kLineBytesMax, 'x'));
    EXPECT_EQ(typist.editor().line().size(), chatd::kLineBytesMax);
}
