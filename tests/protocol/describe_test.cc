// Frames in words: the fields by their names, what people say only on demand, and no byte that a
// terminal obeys.

#include "protocol/describe.h"

#include <criterion/criterion.h>

#include <string>
#include <string_view>

#include "base/bounds.h"
#include "support/expect.h"
#include "support/frames.h"
#include "support/random.h"

using namespace chatd;
using chatd::test::frame_of;
using chatd::test::framed;

namespace {

template <class Body>
std::string described(const Body& body, std::string_view name = {}, std::string_view text = {},
                      bool with_text = false) {
    return describe_frame(frame_of(framed(body, name, text)), with_text);
}

bool is_obeyed(char byte) {
    return (byte >= 0 && byte < ' ') || byte == '\x7f';
}

}  // namespace

TestSuite(describe, .timeout = 10);

Test(describe, a_frame_is_its_type_and_its_fields) {
    EXPECT_EQ(described(Attach{.birth_ns = 17, .newcomer = 1, .crowds = 1}, "alice", "192.0.2.7:1"),
              "Attach birth_ns=17 newcomer=1 crowds=1 name=\"alice\" text=\"192.0.2.7:1\"");
    EXPECT_EQ(described(Welcome{.session = 2, .acked = 3, .messages = 4, .now_ms = 5, .members = 6},
                        "0.3.0", "alice bob"),
              "Welcome session=2 acked=3 messages=4 now_ms=5 members=6 name=\"0.3.0\" "
              "text=\"alice bob\"");
    EXPECT_EQ(described(Entry{.seq = 7,
                              .time_ms = 8,
                              .messages = 9,
                              .from = 10,
                              .to = 11,
                              .counter = 12,
                              .back_bytes = 13,
                              .checksum = 0xAB,
                              .kind = EntryKind::Join},
                        "bob"),
              "Entry seq=7 kind=Join time_ms=8 messages=9 from=10 to=11 counter=12 back_bytes=13 "
              "checksum=0xab name=\"bob\"");
    EXPECT_EQ(described(People{.now_ms = 1, .members = 2, .matching = 1}, "al"),
              "People now_ms=1 members=2 matching=1 name=\"al\"");
    EXPECT_EQ(described(Person{.since_ms = 1, .idle_ms = 2, .pid = 3}, "alice", "192.0.2.7:1"),
              "Person since_ms=1 idle_ms=2 pid=3 name=\"alice\" text=\"192.0.2.7:1\"");
    EXPECT_EQ(described(Ended{.birth_ns = 1, .lived_ms = 2, .pid = 3, .wait_status = 9}),
              "Ended birth_ns=1 lived_ms=2 pid=3 wait_status=9");
    EXPECT_EQ(described(Born{.birth_ns = 1, .pid = 3}, {}, "192.0.2.7:1"),
              "Born birth_ns=1 pid=3 text=\"192.0.2.7:1\"");
    EXPECT_EQ(described(Replay{.now_ms = 1, .messages = 2}), "Replay now_ms=1 messages=2");
    EXPECT_EQ(described(AskReplay{20}), "AskReplay messages=20");
    EXPECT_EQ(described(Ping{}), "Ping");
    EXPECT_EQ(described(CloseRoom{}), "CloseRoom");
    EXPECT_EQ(described(AskWho{}, "b"), "AskWho name=\"b\"");
    EXPECT_EQ(described(Done{}), "Done");
}

Test(describe, enumerators_have_their_names_and_unknown_ones_their_numbers) {
    EXPECT_EQ(described(Denied{Refusal::NameTaken}), "Denied reason=NameTaken");
    EXPECT_EQ(described(Post{.counter = 2, .kind = EntryKind::Leave, .reason = LeaveReason::Idle}),
              "Post counter=2 kind=Leave reason=Idle");
    EXPECT_EQ(described(Entry{.seq = 1, .kind = EntryKind::Refused, .reason = 2}, {}, "bob"),
              "Entry seq=1 kind=Refused reason=NobodyThere checksum=0x0 text=\"bob\"");
    EXPECT_EQ(described(Crowd{.last_seq = 3,
                              .time_ms = 4,
                              .entered = 2,
                              .left = 0,
                              .reason = LeaveReason::Killed,
                              .detail = 9},
                        {}, "alice bob"),
              "Crowd last_seq=3 time_ms=4 entered=2 reason=Killed detail=9 text=\"alice bob\"");
    EXPECT_EQ(described(Gap{.messages = 37, .acked = kNoLongerMember}),
              "Gap messages=37 acked=kNoLongerMember");
    EXPECT_EQ(described(Post{.counter = 1, .kind = EntryKind{77}}), "Post counter=1 kind=77");
}

Test(describe, what_people_say_is_a_length_unless_it_is_asked_for) {
    const auto said = [](EntryKind kind, bool with_text) {
        return described(Post{.counter = 1, .kind = kind}, "bob", "a secret", with_text);
    };
    for (const EntryKind kind :
         {EntryKind::Say, EntryKind::Emote, EntryKind::Tell, EntryKind::Leave, EntryKind{77}}) {
        EXPECT_CONTAINS(said(kind, false), " text=8 bytes");
        EXPECT_LACKS(said(kind, false), "secret");
        EXPECT_CONTAINS(said(kind, true), " text=8 bytes \"a secret\"");
    }
    EXPECT_EQ(described(Entry{.seq = 1, .kind = EntryKind::Say}, "bob", "x"),
              "Entry seq=1 kind=Say checksum=0x0 name=\"bob\" text=1 byte");
}

// A new name, or one that was refused, is no more secret than any other name.
Test(describe, names_are_shown) {
    EXPECT_CONTAINS(described(Post{.counter = 1, .kind = EntryKind::Rename}, "bobby"),
                    " name=\"bobby\"");
    EXPECT_CONTAINS(described(Entry{.seq = 1, .kind = EntryKind::Rename}, "bob", "bobby"),
                    " text=\"bobby\"");
    EXPECT_CONTAINS(described(Post{.counter = 1, .kind = EntryKind::Say}, "小明", ""),
                    " name=\"小明\"");
}

Test(describe, no_bytes_of_a_hostile_worker_reach_a_terminal) {
    test::Random random(1);
    for (int round = 0; round < 200; ++round) {
        const std::string text = random.bytes(random.below(60));
        const std::string name = text.substr(0, 20);
        for (const char byte :
             described(Post{.counter = 1, .kind = EntryKind::Say}, name, text, true)) {
            EXPECT_FALSE(is_obeyed(byte));
        }
    }
}

Test(describe, of_a_long_text_the_beginning_is_shown_and_the_line_stays_one_write) {
    const std::string name(kNameBytesMax, '\x01');
    for (const std::string& text :
         {std::string(kTextBytesMax, '\x01'), std::string(kTextBytesMax, 'x')}) {
        const std::string all = described(Entry{.seq = UINT64_MAX,
                                                .time_ms = INT64_MAX,
                                                .messages = UINT64_MAX,
                                                .from = UINT64_MAX,
                                                .to = UINT64_MAX,
                                                .counter = UINT64_MAX,
                                                .back_bytes = UINT32_MAX,
                                                .checksum = UINT32_MAX,
                                                .room = UINT32_MAX,
                                                .kind = EntryKind::Say,
                                                .detail = UINT8_MAX},
                                          name, text, true);
        EXPECT_LT(all.size(), 2048U);
        EXPECT_TRUE(all.ends_with("\"…"));
    }
}
