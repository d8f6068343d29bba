// Specification of a log's archive: what was said to all stays there when it has left the log.

#include <criterion/criterion.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "base/bounds.h"
#include "log/log.h"
#include "log/salvage.h"
#include "support/expect.h"
#include "support/log_story.h"
#include "support/where.h"

using namespace chatd;
using namespace chatd::test;

TestSuite(archive, .timeout = 20);

namespace {

constexpr HistorySize kWithArchive{kRing, true};

struct Message {
    std::uint64_t seq;
    std::string name;
    std::string text;
    bool operator==(const Message&) const = default;
};

void add_messages(const Log& log, std::vector<Message>& found) {
    for (Position at = log.tail(); at < log.head();) {
        const LogEntry one = log.entry_at(at);
        at = one.next;
        if (!is_public_message(one.entry)) continue;
        found.push_back({one.entry.seq, std::string(one.frame.name), std::string(one.frame.text)});
    }
}

// What was said to all and is still there, the oldest first.
std::vector<Message> messages_held(const Log& log) {
    std::vector<Message> found;
    if (log.archive() != nullptr) add_messages(*log.archive(), found);
    add_messages(log, found);
    return found;
}

std::vector<Message> messages_told(const Story& story) {
    std::vector<Message> found;
    for (const Told& one : story.told) {
        if (is_public_message(one.entry)) found.push_back({one.entry.seq, one.name, one.text});
    }
    return found;
}

// The last of all that was said to all, without a hole, are still there. Returns their bytes.
std::size_t expect_last_messages(const Story& story, Where where = Where::here()) {
    const Caller caller(where);
    const std::vector<Message> told = messages_told(story);
    const std::vector<Message> held = messages_held(*story.log);
    ASSERT_TRUE(held.size() <= told.size());
    ASSERT_TRUE(std::equal(held.rbegin(), held.rend(), told.rbegin()));
    std::size_t bytes = 0;
    for (const Message& message : held) {
        bytes += kLeastBytes + (message.name.size() + message.text.size() + 7) / 8 * 8;
    }
    return bytes;
}

void tell_much(Story& story, std::size_t bytes) {
    const Position end = story.log->head() + bytes;
    while (story.log->head() < end) {
        story.say(std::string(200, 'p'), 5);
        Entry entry{};
        entry.kind = EntryKind::Join;
        story.append(entry, "churner", {});
        entry.kind = EntryKind::Leave;
        story.append(entry, "churner", {});
        entry.kind = EntryKind::Rename;
        story.append(entry, "churner", "another");
    }
}

}  // namespace

Test(archive, what_was_said_to_all_goes_there_when_it_leaves_the_log_and_nothing_else_does) {
    Story story(kWithArchive);
    Audience audience(1);
    for (int i = 0; i < 2000; ++i) {
        audience.do_something(story);
        const Log& archive = *story.log->archive();
        if (archive.newest()) {
            ASSERT_TRUE(archive.newest()->entry.seq <
                        story.log->entry_at(story.log->tail()).entry.seq);
        }
        if (i % 10 == 0) (void)expect_last_messages(story);
    }
    const Log& archive = *story.log->archive();
    EXPECT_GT(archive.tail(), 0);  // It has gone around.
    for (Position at = archive.tail(); at < archive.head(); at = archive.entry_at(at).next) {
        ASSERT_TRUE(is_public_message(archive.entry_at(at).entry));
    }
}

Test(archive, private_words_and_comings_and_goings_push_nothing_out_that_was_said_to_all) {
    Story story(kWithArchive);
    for (int i = 0; i < 500; ++i) story.say(std::to_string(i));
    tell_much(story, 20 * kRing);
    EXPECT_EQ(messages_held(*story.log), messages_told(story));
}

// That is the bound: see the option --history-size.
Test(archive, at_least_as_many_bytes_of_what_was_said_to_all_stay_as_the_log_has) {
    for (const unsigned seed : {1U, 2U, 3U}) {
        Story story(kWithArchive);
        Audience audience(seed);
        std::size_t said = 0;
        while (said < 5 * kRing) {
            audience.do_something(story);
            if (is_public_message(story.told.back().entry)) {
                said += story.told.back().bytes.size();
            }
            if (audience.below(400) == 0) tell_much(story, kRing);
        }
        EXPECT_GE(expect_last_messages(story), kRing - 2 * kMostBytes);
    }
}

Test(archive, is_taken_up_with_its_log) {
    Story story(kWithArchive);
    Audience audience(2);
    for (int i = 0; i < 1500; ++i) {
        audience.do_something(story);
        if (i % 100 != 0) continue;
        const std::vector<Message> held = messages_held(*story.log);
        story.reopen();
        ASSERT_EQ(story.log->lost_bytes(), 0);
        ASSERT_EQ(messages_held(*story.log), held);
    }
}

namespace {

constexpr std::size_t kLogBytes = log_memory_bytes(kRing);

// The next writer takes up this memory and appends the last entry of the story.
void expect_goes_on(Memory memory, const Story& story, Where where = Where::here()) {
    const Caller caller(where);
    Memory copy = memory;
    ASSERT_TRUE(is_whole_history(copy.bytes()));
    Log second(memory.bytes());
    const Told& last = story.told.back();
    ASSERT_EQ(second.lost_bytes(), 0);
    ASSERT_EQ(second.next_seq(), last.entry.seq);
    second.append(last.entry, last.name, last.text);
    ASSERT_EQ(messages_held(second), messages_held(*story.log));
    ASSERT_EQ(second.messages(), story.log->messages());
    ASSERT_TRUE(is_whole_history(memory.bytes()));
}

}  // namespace

// What leaves the log is put into the archive, one entry after the other, each like an entry of any
// log; then the tail moves.
Test(archive, nothing_is_lost_or_there_twice_when_a_writer_dies_between_two_stores) {
    Story story(kWithArchive);
    Audience audience(3);
    for (int i = 0; i < 900; ++i) {
        Memory before = story.memory;
        const Position tail = story.log->tail();
        audience.do_something(story);
        if (story.log->tail() == tail) continue;
        Memory some = before;
        int archived = 0;
        for (const Told& one : story.told) {
            if (one.at < tail || one.at >= story.log->tail()) continue;
            if (!is_public_message(one.entry)) continue;
            expect_goes_on(some, story);
            Log(some.bytes().subspan(kLogBytes)).append_with_seq(one.entry, one.name, one.text);
            ++archived;
        }
        expect_goes_on(some, story);
        if (archived != 1) continue;
        // The archive's ring has the entry, but its head does not say so yet.
        Memory written = story.memory;
        std::ranges::copy(before.bytes().first(kLogBytes), written.bytes().begin());
        written.archive_header().head = before.archive_header().head;
        expect_goes_on(written, story);
    }
}

// A wrong number would get a new checksum, and shut out all that come later.
Test(archive, an_entry_that_was_damaged_in_the_log_does_not_get_there) {
    for (const std::size_t offset : {sizeof(FrameHeader) + 5, kLeastBytes + 4}) {
        Story story(kWithArchive);
        const Told first = story.say("the first message");
        const Told second = story.say("the second message");
        story.memory.at(first.at + offset) ^= std::byte{1};
        while (story.log->archive()->messages() < 3) story.say(std::string(200, 'x'));
        EXPECT_EQ(messages_held(*story.log).front().text, second.text);
        story.reopen();
        EXPECT_EQ(messages_held(*story.log).front().text, second.text);
        EXPECT_EQ(messages_held(*story.log).size(), story.told.size() - 1);
    }
}

Test(archive, keeps_the_numbers_going_when_all_of_the_log_is_lost) {
    Story story(kWithArchive);
    for (int i = 0; i < 3000; ++i) story.say(std::to_string(i));
    const std::uint64_t archived = story.log->archive()->next_seq();
    const std::uint64_t messages = story.log->archive()->messages();
    ASSERT_TRUE(messages > 0);
    story.memory.header() = empty_log_header(kRing);
    story.reopen();
    EXPECT_EQ(story.log->next_seq(), archived);
    EXPECT_EQ(story.log->messages(), messages);
    story.log->append(story.told.back().entry, "bob", "again");
    EXPECT_EQ(messages_held(*story.log).back().seq, archived);
}

// A damaged log may end before what its archive has already.
Test(archive, a_log_of_which_only_archived_entries_are_left_is_empty) {
    Story story(kWithArchive);
    while (story.log->archive()->messages() < 3) story.say("to all");
    const Position third = story.told[2].next;
    story.memory.header().tail = 0;
    story.memory.header().head = third;
    // The ring has come around to the oldest entries; they are put back.
    for (std::size_t i = 0; i < 3; ++i) {
        std::memcpy(&story.memory.at(story.told[i].at), story.told[i].bytes.data(),
                    story.told[i].bytes.size());
    }
    story.reopen();
    EXPECT_FALSE(story.log->newest().has_value());
    EXPECT_EQ(story.log->tail(), story.log->head());
    EXPECT_EQ(story.log->messages(), 3);
    Memory copy = story.memory;
    EXPECT_FALSE(is_whole_history(copy.bytes()));  // It is salvaged at the next start.
    story.log->append(story.told.back().entry, "bob", "again");
    EXPECT_EQ(messages_held(*story.log).size(), 4U);
}

Test(archive, a_damaged_end_is_cut_off_as_in_the_log) {
    Story story(kWithArchive);
    while (story.log->archive()->messages() < 10) story.say("to all");
    const auto newest = story.log->archive()->newest();
    ASSERT_TRUE(newest.has_value());
    const std::size_t offset = log_memory_bytes(kRing) + kLogHeaderBytes + newest->at + 20;
    story.memory.bytes()[offset] ^= std::byte{1};
    story.reopen();
    EXPECT_EQ(story.log->lost_bytes(), newest->frame.bytes.size());
    EXPECT_EQ(story.log->archive()->messages(), 9);
    story.log->append(story.told.back().entry, "bob", "again");
    EXPECT_EQ(messages_held(*story.log).size(), story.told.size());
}

Test(archive, is_put_on_the_disk_with_its_log) {
    Story story(kWithArchive);
    for (int i = 0; i < 3000; ++i) story.say(std::to_string(i));
    const Log& archive = *story.log->archive();
    EXPECT_EQ(archive.synced(), archive.tail());
    story.log->note_synced();
    EXPECT_EQ(archive.synced(), archive.head());
}
