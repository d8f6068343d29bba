// Specification of protocol/frame and protocol/body: the bytes that go over the links, and what a
// receiver does not believe.

#include "protocol/frame.h"

#include <criterion/criterion.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/bounds.h"
#include "support/death.h"
#include "support/expect.h"
#include "support/frames.h"
#include "support/random.h"
#include "support/where.h"

using namespace chatd;
using chatd::test::aborts;
using chatd::test::frame_of;
using chatd::test::framed;
using chatd::test::Random;

namespace {

// The sizes of a frame of each type, without its header.
struct Shape {
    FrameType type;
    std::size_t body_bytes;
    std::size_t name_bytes_max;
    std::size_t text_bytes_max;
};

constexpr Shape kShapes[] = {
    {FrameType::Attach, 40, kNameBytesMax, kPeerBytesMax},
    {FrameType::Post, 16, kNameBytesMax, kTextBytesMax},
    {FrameType::AskWho, 0, kNameBytesMax, 0},
    {FrameType::AskReplay, 4, 0, 0},
    {FrameType::Welcome, 40, kNameBytesMax, kTextBytesMax},
    {FrameType::Denied, 1, 0, 0},
    {FrameType::Entry, 64, kNameBytesMax, kTextBytesMax},
    {FrameType::Gap, 16, kNameBytesMax, 0},
    {FrameType::People, 16, kNameBytesMax, 0},
    {FrameType::Person, 24, kNameBytesMax, kPeerBytesMax},
    {FrameType::Replay, 16, 0, 0},
    {FrameType::Done, 4, 0, 0},
    {FrameType::Crowd, 32, 0, kTextBytesMax},
    {FrameType::Ended, 24, 0, 0},
    {FrameType::CloseRoom, 0, 0, 0},
    {FrameType::Ping, 0, 0, 0},
    {FrameType::Born, 16, 0, kPeerBytesMax},
    {FrameType::AskProcesses, 0, kNameBytesMax, 0},
    {FrameType::Processes, 8, kNameBytesMax, 0},
    {FrameType::ProcessRow, 48, kNameBytesMax, kCallBytesMax},
};

const Shape* shape_of(std::uint8_t type) {
    for (const Shape& shape : kShapes) {
        if (static_cast<std::uint8_t>(shape.type) == type) return &shape;
    }
    return nullptr;
}

// One frame of each type in the order of kShapes; every field has another value.
std::vector<std::string> one_of_each() {
    return {
        framed(Attach{.birth_ns = 1, .session = 2, .last_seq = 3, .messages = 4, .newcomer = 1},
               "alice", "[::1]:7000"),
        framed(Post{.counter = 5, .kind = EntryKind::Tell, .reason = LeaveReason::Quit}, "bob",
               "hello"),
        framed(AskWho{}, "al"),
        framed(AskReplay{6}),
        framed(Welcome{.session = 7, .acked = 8, .messages = 9, .now_ms = -10, .members = 11},
               "0.2.0", "alice bob"),
        framed(Denied{Refusal::RoomFull}),
        framed(Entry{.seq = 12,
                     .time_ms = 13,
                     .messages = 14,
                     .from = 15,
                     .to = 16,
                     .counter = 17,
                     .back_bytes = 18,
                     .checksum = 19,
                     .room = 20,
                     .kind = EntryKind::Say,
                     .reason = 21,
                     .detail = 22},
               "bob", "hi"),
        framed(Gap{.messages = 23, .acked = 24}, "carol"),
        framed(People{.now_ms = 25, .members = 26, .matching = 27}, "c"),
        framed(Person{.since_ms = 28, .idle_ms = 29, .pid = 30}, "dave", "192.0.2.1:4"),
        framed(Replay{.now_ms = 31, .messages = 32}),
        framed(Done{33}),
        framed(Crowd{.last_seq = 38,
                     .time_ms = 39,
                     .entered = 40,
                     .left = 41,
                     .reason = LeaveReason::Lost,
                     .detail = 42},
               {}, "erin frank"),
        framed(Ended{.birth_ns = 34, .lived_ms = 35, .pid = 36, .wait_status = 37}),
        framed(CloseRoom{}),
        framed(Ping{}),
        framed(Born{.birth_ns = 43, .pid = 44, .stopped = 1}, {}, "192.0.2.1:4"),
        framed(AskProcesses{}, "al"),
        framed(Processes{.processes = 45, .matching = 46}, "al"),
        framed(ProcessRow{.age_ms = 47,
                          .cpu_ms = 48,
                          .memory_kib = 49,
                          .pid = 50,
                          .ppid = 51,
                          .nice = -5,
                          .policy = 3,
                          .role = ProcessRole::Worker,
                          .stat = {'S', '<', '+'}},
               "alice", "ppoll"),
    };
}

// The same frames as bytes, in hexadecimal digits, as version 0.3.0 sends them.
constexpr const char* kBytesOfVersion03[] = {
    "3f000000010105000100000000000000020000000000000003000000000000000400000000000000"
    "0100000000000000616c6963655b3a3a315d3a37303030",
    "200000000102030005000000000000000500000000000000626f6268656c6c6f",
    "0a00000001030200616c",
    "0c0000000104000006000000",
    "3e00000001200500070000000000000008000000000000000900000000000000f6ffffffffffffff"
    "0b00000000000000302e322e30616c69636520626f62",
    "090000000121000003",
    "50000000012203030c000000000000000d000000000000000e000000000000000f00000000000000"
    "1000000000000000110000000000000012000000130000001400000003151600626f626869000000",
    "1d00000001230500170000000000000018000000000000006361726f6c",
    "190000000124010019000000000000001a0000001b00000063",
    "2f000000012504001c000000000000001d000000000000001e00000000000000646176653139322e"
    "302e322e313a34",
    "18000000012600001f000000000000002000000000000000",
    "0c0000000127000021000000",
    "3200000001280000260000000000000027000000000000002800000029000000012a000000000000"
    "6572696e206672616e6b",
    "2000000001400000220000000000000023000000000000002400000025000000",
    "0800000001410000",
    "0800000001420000",
    // Of later programs.
    "23000000014300002b000000000000002c000000010000003139322e302e322e313a34",
    "0a00000001500200616c",
    "12000000015102002d0000002e000000616c",
    "42000000015205002f00000000000000300000000000000031000000000000003200000033000000"
    "fbffffff0300000002533c2b00000000616c69636570706f6c6c",
};

std::string hex_of(std::string_view bytes) {
    std::string hex;
    for (const char byte : bytes) {
        hex += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4];
        hex += "0123456789abcdef"[byte & 0xF];
    }
    return hex;
}

FrameHeader header_of(std::string_view bytes) {
    FrameHeader header;
    std::memcpy(&header, bytes.data(), sizeof header);
    return header;
}

// Takes a frame from a buffer of exactly this size, so that a sanitizer sees a read past its end.
FrameStatus status_of(std::string_view bytes, test::Where where = test::Where::here()) {
    const test::Caller caller(where);
    const std::vector<char> exact(bytes.begin(), bytes.end());
    std::string_view rest(exact.data(), exact.size());
    Frame frame{};
    const FrameStatus status = take_frame(rest, frame);
    if (status != FrameStatus::Whole) ASSERT_EQ(rest.size(), bytes.size());
    return status;
}

// Looks at the header alone, and then with as many bytes as it announces.
void expect_status(FrameHeader header, FrameStatus alone, FrameStatus complete,
                   test::Where where = test::Where::here()) {
    const test::Caller caller(where);
    std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
    EXPECT_EQ(status_of(bytes), alone);
    if (header.bytes > 2 * kFrameBytesMax) return;
    bytes.resize(std::max<std::size_t>(header.bytes, sizeof header));
    EXPECT_EQ(status_of(bytes), complete);
}

void expect_malformed(FrameHeader header, test::Where where = test::Where::here()) {
    const test::Caller caller(where);
    expect_status(header, FrameStatus::Malformed, FrameStatus::Malformed);
}

// The shortest frame of a type.
FrameHeader least(const Shape& shape) {
    return {static_cast<std::uint32_t>(sizeof(FrameHeader) + shape.body_bytes), kFrameVersion,
            shape.type, 0, 0};
}

}  // namespace

TestSuite(frame, .timeout = 20);

Test(frame, each_type_comes_out_as_it_went_in) {
    const std::vector<std::string> frames = one_of_each();
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const Frame frame = frame_of(frames[i]);
        EXPECT_EQ(frame.type, kShapes[i].type);
        EXPECT_EQ(frame.bytes, frames[i]);
        EXPECT_EQ(frame.body.size(), kShapes[i].body_bytes);
    }
}

Test(frame, the_fields_of_the_body_come_out_as_they_went_in) {
    const std::vector<std::string> frames = one_of_each();
    const auto attach = frame_of(frames[0]).as<Attach>();
    EXPECT_EQ(attach.birth_ns, 1);
    EXPECT_EQ(attach.session, 2);
    EXPECT_EQ(attach.last_seq, 3);
    EXPECT_EQ(attach.messages, 4);
    const auto post = frame_of(frames[1]).as<Post>();
    EXPECT_EQ(post.counter, 5);
    EXPECT_EQ(post.kind, EntryKind::Tell);
    EXPECT_EQ(post.reason, LeaveReason::Quit);
    EXPECT_EQ(frame_of(frames[3]).as<AskReplay>().messages, 6);
    const auto welcome = frame_of(frames[4]).as<Welcome>();
    EXPECT_EQ(welcome.session, 7);
    EXPECT_EQ(welcome.acked, 8);
    EXPECT_EQ(welcome.messages, 9);
    EXPECT_EQ(welcome.now_ms, -10);
    EXPECT_EQ(welcome.members, 11);
    EXPECT_EQ(frame_of(frames[5]).as<Denied>().reason, Refusal::RoomFull);
    const auto entry = frame_of(frames[6]).as<Entry>();
    EXPECT_EQ(entry.seq, 12);
    EXPECT_EQ(entry.time_ms, 13);
    EXPECT_EQ(entry.messages, 14);
    EXPECT_EQ(entry.from, 15);
    EXPECT_EQ(entry.to, 16);
    EXPECT_EQ(entry.counter, 17);
    EXPECT_EQ(entry.back_bytes, 18);
    EXPECT_EQ(entry.checksum, 19);
    EXPECT_EQ(entry.room, 20);
    EXPECT_EQ(entry.kind, EntryKind::Say);
    EXPECT_EQ(entry.reason, 21);
    EXPECT_EQ(entry.detail, 22);
    const auto gap = frame_of(frames[7]).as<Gap>();
    EXPECT_EQ(gap.messages, 23);
    EXPECT_EQ(gap.acked, 24);
    const auto people = frame_of(frames[8]).as<People>();
    EXPECT_EQ(people.now_ms, 25);
    EXPECT_EQ(people.members, 26);
    EXPECT_EQ(people.matching, 27);
    const auto person = frame_of(frames[9]).as<Person>();
    EXPECT_EQ(person.since_ms, 28);
    EXPECT_EQ(person.idle_ms, 29);
    EXPECT_EQ(person.pid, 30);
    const auto replay = frame_of(frames[10]).as<Replay>();
    EXPECT_EQ(replay.now_ms, 31);
    EXPECT_EQ(replay.messages, 32);
    EXPECT_EQ(frame_of(frames[11]).as<Done>().left_out, 33);
    const auto crowd = frame_of(frames[12]).as<Crowd>();
    EXPECT_EQ(crowd.last_seq, 38);
    EXPECT_EQ(crowd.time_ms, 39);
    EXPECT_EQ(crowd.entered, 40);
    EXPECT_EQ(crowd.left, 41);
    EXPECT_EQ(crowd.reason, LeaveReason::Lost);
    EXPECT_EQ(crowd.detail, 42);
    const auto ended = frame_of(frames[13]).as<Ended>();
    EXPECT_EQ(ended.birth_ns, 34);
    EXPECT_EQ(ended.lived_ms, 35);
    EXPECT_EQ(ended.pid, 36);
    EXPECT_EQ(ended.wait_status, 37);
}

Test(frame, workers_and_brokers_of_version_0_3_send_and_understand_the_same_bytes) {
    const std::vector<std::string> frames = one_of_each();
    for (std::size_t i = 0; i < frames.size(); ++i) {
        EXPECT_EQ(hex_of(frames[i]), kBytesOfVersion03[i]);
    }
}

Test(frame, name_and_text_come_out_as_they_went_in) {
    const std::vector<std::string> frames = one_of_each();
    EXPECT_EQ(frame_of(frames[0]).name, "alice");
    EXPECT_EQ(frame_of(frames[0]).text, "[::1]:7000");
    EXPECT_EQ(frame_of(frames[2]).name, "al");
    EXPECT_EQ(frame_of(frames[2]).text, "");
    EXPECT_EQ(frame_of(frames[4]).name, "0.2.0");
    EXPECT_EQ(frame_of(frames[4]).text, "alice bob");
    EXPECT_EQ(frame_of(frames[14]).name, "");
    EXPECT_EQ(frame_of(frames[14]).text, "");
}

Test(frame, name_and_text_may_be_as_long_as_their_limits_and_hold_any_bytes) {
    for (const Shape& shape : kShapes) {
        const std::string name(shape.name_bytes_max, '\xFF');
        const std::string text(shape.text_bytes_max, '\0');
        std::string bytes;
        detail::append_frame(bytes, shape.type, std::string(shape.body_bytes, '\x80'), name, text);
        EXPECT_LE(bytes.size(), kFrameBytesMax);
        const Frame frame = frame_of(bytes);
        EXPECT_EQ(frame.name, name);
        EXPECT_EQ(frame.text, text);
    }
}

Test(frame, only_an_entry_is_filled_up_to_a_multiple_of_eight_bytes) {
    for (std::size_t length = 0; length < 32; ++length) {
        const std::string text(length, 'x');
        const std::string entry = framed(Entry{}, "bob", text);
        EXPECT_EQ(entry.size() % 8, 0);
        EXPECT_LT(entry.size(), 8 + sizeof(Entry) + 3 + length + 8);
        EXPECT_EQ(frame_of(entry).text, text);
        EXPECT_EQ(framed(Post{}, "bob", text).size(), 8 + sizeof(Post) + 3 + length);
    }
}

Test(frame, appending_keeps_what_is_there) {
    std::string bytes = framed(AskReplay{1});
    append_frame(bytes, Done{2});
    EXPECT_EQ(bytes, framed(AskReplay{1}) + framed(Done{2}));
}

Test(frame, a_name_beyond_its_limit_is_our_bug) {
    EXPECT_TRUE(aborts([] { framed(AskWho{}, std::string(kNameBytesMax + 1, 'x')); }));
    EXPECT_FALSE(aborts([] { framed(AskWho{}, std::string(kNameBytesMax, 'x')); }));
}

Test(frame, a_text_beyond_its_limit_is_our_bug) {
    EXPECT_TRUE(aborts([] { framed(AskWho{}, "alice", "x"); }));
}

Test(frame, a_frame_that_has_not_all_arrived_is_partial_wherever_it_is_cut) {
    for (const std::string& whole : one_of_each()) {
        for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
            EXPECT_EQ(status_of(std::string_view(whole).substr(0, bytes)), FrameStatus::Partial);
        }
        EXPECT_EQ(status_of(whole), FrameStatus::Whole);
    }
}

Test(frame, a_stream_gives_the_same_frames_wherever_it_is_split) {
    const std::vector<std::string> frames = one_of_each();
    std::string stream;
    for (const std::string& frame : frames) stream += frame;
    for (std::size_t split = 0; split <= stream.size(); ++split) {
        std::size_t next = 0;
        const auto take_all = [&](std::string_view bytes) {
            Frame frame{};
            FrameStatus status;
            while ((status = take_frame(bytes, frame)) == FrameStatus::Whole) {
                ASSERT_EQ(frame.bytes, frames.at(next++));
            }
            ASSERT_EQ(status, FrameStatus::Partial);
            return bytes;
        };
        const std::string_view rest = take_all(std::string_view(stream).substr(0, split));
        ASSERT_EQ(take_all(std::string(rest) + stream.substr(split)), "");
        ASSERT_EQ(next, frames.size());
    }
}

Test(frame, nothing_after_the_frame_is_taken_or_looked_at) {
    const std::string first = framed(Done{1});
    const std::string bytes = first + "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF and more";
    std::string_view rest = bytes;
    Frame frame{};
    EXPECT_EQ(take_frame(rest, frame), FrameStatus::Whole);
    EXPECT_EQ(frame.bytes, first);
    EXPECT_EQ(rest, std::string_view(bytes).substr(first.size()));
}

Test(frame, an_unknown_type_is_malformed_and_so_is_the_pad_of_the_log) {
    for (unsigned type = 0; type <= UINT8_MAX; ++type) {
        FrameHeader header{};
        header.version = kFrameVersion;
        header.type = static_cast<FrameType>(type);
        const Shape* const shape = shape_of(static_cast<std::uint8_t>(type));
        header.bytes =
            static_cast<std::uint32_t>(sizeof header + (shape == nullptr ? 0 : shape->body_bytes));
        if (shape == nullptr) {
            expect_malformed(header);
        } else {
            EXPECT_NE(shape->type, FrameType::Pad);
            expect_status(header,
                          shape->body_bytes == 0 ? FrameStatus::Whole : FrameStatus::Partial,
                          FrameStatus::Whole);
        }
    }
}

Test(frame, another_version_is_malformed) {
    for (const Shape& shape : kShapes) {
        for (unsigned version = 0; version <= UINT8_MAX; ++version) {
            if (version == kFrameVersion) continue;
            FrameHeader header = least(shape);
            header.version = static_cast<std::uint8_t>(version);
            expect_malformed(header);
        }
    }
}

Test(frame, a_length_that_cannot_hold_header_body_name_and_pad_is_malformed) {
    for (const Shape& shape : kShapes) {
        FrameHeader header = least(shape);
        for (header.bytes = 0; header.bytes < least(shape).bytes; ++header.bytes) {
            expect_malformed(header);
        }
        if (shape.name_bytes_max == 0) continue;
        header = least(shape);
        header.name_bytes = 3;
        header.pad_bytes = 2;
        for (header.bytes = 0; header.bytes < least(shape).bytes + 5; ++header.bytes) {
            expect_malformed(header);
        }
        expect_status(header, FrameStatus::Partial, FrameStatus::Whole);
    }
}

Test(frame, a_name_over_its_limit_is_malformed) {
    for (const Shape& shape : kShapes) {
        for (std::size_t length = 0; length <= UINT8_MAX; ++length) {
            FrameHeader header = least(shape);
            header.name_bytes = static_cast<std::uint8_t>(length);
            header.bytes += static_cast<std::uint32_t>(length);
            if (length > shape.name_bytes_max) {
                expect_malformed(header);
            } else {
                expect_status(header, header.bytes == 8 ? FrameStatus::Whole : FrameStatus::Partial,
                              FrameStatus::Whole);
            }
        }
    }
}

Test(frame, a_text_over_its_limit_is_malformed) {
    for (const Shape& shape : kShapes) {
        FrameHeader header = least(shape);
        header.bytes += static_cast<std::uint32_t>(shape.text_bytes_max);
        expect_status(header, header.bytes == 8 ? FrameStatus::Whole : FrameStatus::Partial,
                      FrameStatus::Whole);
        ++header.bytes;
        expect_malformed(header);
        for (const std::uint32_t bytes : {0x10000U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFFU}) {
            header.bytes = bytes;
            expect_malformed(header);
        }
    }
}

Test(frame, a_pad_of_more_than_seven_bytes_is_malformed) {
    for (const Shape& shape : kShapes) {
        for (std::size_t pad = 0; pad <= UINT8_MAX; ++pad) {
            FrameHeader header = least(shape);
            header.pad_bytes = static_cast<std::uint8_t>(pad);
            header.bytes += static_cast<std::uint32_t>(pad);
            if (pad > 7) {
                expect_malformed(header);
            } else {
                expect_status(header, header.bytes == 8 ? FrameStatus::Whole : FrameStatus::Partial,
                              FrameStatus::Whole);
            }
        }
    }
}

Test(frame, random_bytes_never_take_more_than_there_is_nor_ask_for_more_than_the_limit) {
    Random random(1);
    const std::vector<std::string> frames = one_of_each();
    std::size_t seen[3] = {};
    for (int round = 0; round < 100'000; ++round) {
        // Mostly frames with a few bytes changed: pure noise does not get past the version.
        std::string noise = random.pick(frames);
        if (random.one_in(4)) noise = random.bytes(random.below(64));
        for (std::size_t changes = random.below(4); changes > 0 && !noise.empty(); --changes) {
            const std::size_t at = random.below(std::min<std::size_t>(noise.size(), 12));
            noise[at] = static_cast<char>(random.below(128));
        }
        noise.resize(random.below(noise.size() + 16));

        const std::vector<char> exact(noise.begin(), noise.end());
        const std::string_view all(exact.data(), exact.size());
        std::string_view rest = all;
        Frame frame{};
        const FrameStatus status = take_frame(rest, frame);
        ++seen[static_cast<std::size_t>(status)];
        if (status != FrameStatus::Whole) {
            ASSERT_TRUE(rest.data() == all.data() && rest.size() == all.size());
            if (status == FrameStatus::Partial && all.size() >= sizeof(FrameHeader)) {
                ASSERT_TRUE(header_of(all).bytes > all.size());
                ASSERT_TRUE(header_of(all).bytes <= kFrameBytesMax);
            }
            continue;
        }
        const FrameHeader header = header_of(all);
        ASSERT_TRUE(frame.bytes.data() == all.data() && frame.bytes.size() == header.bytes);
        ASSERT_TRUE(rest.data() == all.data() + header.bytes);
        ASSERT_EQ(rest.size(), all.size() - header.bytes);
        ASSERT_TRUE(frame.body.data() == frame.bytes.data() + sizeof header);
        ASSERT_TRUE(frame.name.data() == frame.body.data() + frame.body.size());
        ASSERT_TRUE(frame.text.data() == frame.name.data() + frame.name.size());
        ASSERT_EQ(frame.text.data() + frame.text.size() + header.pad_bytes - frame.bytes.data(),
                  frame.bytes.size());
    }
    for (const std::size_t times : seen) EXPECT_GT(times, 1000);
}

// --- Frames out of pieces

Test(frame, frames_arrive_whole_and_in_order_however_they_are_cut) {
    std::string stream;
    for (std::uint32_t i = 1; i <= 20; ++i) {
        append_frame(stream, AskReplay{i});
        append_frame(stream, AskWho{}, std::string(i, 'x'));
    }
    for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
        FrameReader reader;
        std::string seen;
        const auto take = [&](const Frame& frame) {
            seen.append(frame.bytes);
            return true;
        };
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            ASSERT_TRUE(reader.read(std::string_view(stream).substr(at, piece), take));
        }
        ASSERT_TRUE(seen == stream);
    }
}

Test(frame, a_reader_stops_at_what_is_malformed_or_not_wanted) {
    std::string stream;
    append_frame(stream, AskWho{});
    FrameReader reader;
    EXPECT_FALSE(reader.read(stream, [](const Frame&) { return false; }));
    EXPECT_FALSE(reader.read(stream + std::string(8, '\xff'), [](const Frame&) { return true; }));
}
