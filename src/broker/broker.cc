#include "broker/broker.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "base/bounds.h"
#include "base/check.h"
#include "base/exit_status.h"
#include "base/fault.h"
#include "base/version.h"
#include "broker/links.h"
#include "broker/room.h"
#include "log/crowd.h"
#include "protocol/counters.h"
#include "protocol/worker_exit.h"
#include "sys/clock.h"
#include "sys/local.h"
#include "sys/memory.h"
#include "sys/poller.h"
#include "sys/process.h"
#include "sys/sandbox.h"
#include "sys/signals.h"
#include "text/clean.h"
#include "text/name.h"

namespace chatd {
namespace {

// Not 0, and nobody's: sessions count from 1.
constexpr std::uint64_t kStranger = UINT64_MAX;

// The birth of no worker: of a process that has no business here any more.
constexpr std::uint64_t kExpelled = UINT64_MAX;

// Before each fan-out; more make no difference.
constexpr int kYields = 2;

// What an honest worker never exceeds; 0 stays no limit.
Rate rate_of_requests(Rate lines) {
    return {lines.per_second, lines.burst + kRequestsSavedUp};
}

std::string counted(std::uint64_t number, const char* noun) {
    return std::to_string(number) + ' ' + noun + (number == 1 ? "" : "s");
}

// What is to be had of the kernel only outside of the sandbox.
struct BrokerResources {
    Mapping log;
    Mapping members;
    Mapping counters;
    Poller poller;
};

// The sandbox lets it ask that much of a process that is not its own.
bool is_gone(pid_t pid) {
    return ::kill(pid, 0) != 0 && errno == ESRCH;
}

class Broker {
  public:
    Broker(const BrokerSetup& setup, BrokerResources& means, ProcessTitle& title, Journal& journal)
        : setup_(setup),
          title_(title),
          journal_(journal),
          log_(means.log.bytes()),
          room_(means.members.bytes(), log_, wall_ms()),
          poller_(means.poller),
          counters_(*reinterpret_cast<BrokerCounters*>(means.counters.bytes().data())),
          links_(rate_of_requests(setup.rate)),
          published_(setup.sync ? log_.synced() : log_.head()),
          crowds_(log_) {
        count();
        crowds_.set_end(published_);
        CHATD_CHECK(poller_.add(setup_.listener, EPOLLIN, kListener));
        CHATD_CHECK(poller_.add(setup_.control, EPOLLIN, kControl));
        if (log_.lost_bytes() != 0) {
            journal_.warning("the last %llu bytes of the log were not whole and are gone",
                             static_cast<unsigned long long>(log_.lost_bytes()));
        }
        if (!room_.poisoner().empty()) {
            journal_.error("%u brokers in a row died of a request of %s: it is refused",
                           kPoisonDeaths, room_.poisoner().c_str());
        }
    }

    void run() {
        fault_point("broker:start");
        while (!parent_gone_) {
            show_title();
            for (const epoll_event& event : poller_.wait(time_to_wake())) dispatch(event);
            count();
            if (fan_out_is_due()) let_more_come();
            if ((!asked_.empty() || fan_out_is_due()) && publish()) {
                answer();
                if (fan_out_is_due()) fan_out();
            }
            if (listener_rests_until_ && Clock::now() >= *listener_rests_until_) wake_listener();
            journal_.turn();
            links_.drop_forgotten();
        }
    }

  private:
    enum : std::uint64_t { kListener, kControl, kFirstLink };

    // --- One turn

    void dispatch(const epoll_event& event) {
        if (event.data.u64 == kListener) {
            // A pid may come back: first bury whoever had it before.
            read_control();
            return accept_links();
        }
        if (event.data.u64 == kControl) return read_control();
        Link& link = links_.at(event.data.u64 - kFirstLink);
        if (!link.open()) return;  // closed earlier in this turn
        if (event.events & EPOLLOUT) return flush(link);
        read(link);
    }

    [[nodiscard]] std::optional<std::chrono::nanoseconds> time_to_wake() const {
        if (fanned_out_to_ != log_.head()) return next_fan_out() - Clock::now();
        if (listener_rests_until_) return *listener_rests_until_ - Clock::now();
        if (const auto due = journal_.wake_at()) return *due - Clock::now();
        return std::nullopt;
    }

    void count() {
        set_counter(counters_.members, room_.members());
        set_counter(counters_.messages, log_.messages());
    }

    // --- Out

    // Lets what has happened be sent: with --sync only once the disk has it, by one fdatasync for
    // all that came together. False: not now.
    [[nodiscard]] bool publish() {
        if (published_ != log_.head() && setup_.sync && !sync()) return false;
        published_ = log_.head();
        count();  // before anybody hears of it
        crowds_.set_end(published_);
        return true;
    }

    bool sync() {
        const bool fails = fault_point("broker:sync");
        if (fails || !put_on_disk(setup_.log_memory)) {
            if (!std::exchange(disk_fails_, true)) {
                journal_.error("the history cannot be put on the disk: %s; the room waits",
                               std::strerror(errno));
            }
            log_.rewrite_unsynced();
            next_fan_out_ = Clock::now() + kDiskPause;
            next_crowd_ = next_fan_out_;
            return false;
        }
        fault_point("broker:after-sync");
        if (std::exchange(disk_fails_, false)) journal_.info("the disk takes the history again");
        log_.note_synced();
        return true;
    }

    [[nodiscard]] bool fan_out_is_due() const {
        return fanned_out_to_ != log_.head() && Clock::now() >= next_fan_out();
    }

    // Who comes and goes is less pressing than what is said.
    [[nodiscard]] Moment next_fan_out() const {
        return urgent_end_ > fanned_out_to_ ? next_fan_out_ : next_crowd_;
    }

    // Whoever was woken by what has been sent goes first, and what is said in answer goes out with
    // the rest: larger sends, and nobody waits for a clock (measured, 10 senders, together with the
    // pause after a fan-out: 7 % at 100 clients, 9 % at 1000).
    void let_more_come() {
        for (int i = 0; i < kYields; ++i) {
            give_way();
            for (const epoll_event& event : poller_.wait(std::chrono::nanoseconds(0))) {
                dispatch(event);
            }
        }
    }

    // Sends everybody the log. One that took long is followed by a pause, in which more comes
    // together: under load that makes fewer and larger sends; with nothing to do it costs no time.
    // The pause is longer when there is nothing but comings and goings: then a thousand who enter
    // at once are not held up by the news of each other.
    void fan_out() {
        const auto begin = Clock::now();
        const Position to = published_;
        fault_point("broker:before-fan-out");
        links_.for_each_open([this, to](Link& link) {
            if (!link.blocked() && link.behind(to)) flush(link);
            fault_point("broker:in-fan-out");
        });
        fault_point("broker:after-fan-out");
        const auto end = Clock::now();
        fanned_out_to_ = to;
        count_fan_out(counters_, static_cast<std::uint64_t>((end - begin).count()));
        next_fan_out_ = end + std::min<Duration>((end - begin) / 4, kFanOutPauseMax);
        next_crowd_ = end + std::min<Duration>((end - begin) * 4, kCrowdPauseMax);
    }

    void flush(Link& link) {
        const bool was_blocked = link.blocked();
        const Member* const member = room_.by_session(link.session);
        const Link::Standing standing =
            member == nullptr ? Link::Standing{{}, kNoLongerMember} : standing_of(*member);
        const bool goes_on = link.flush(log_, crowds_, standing);
        add_to_counter(counters_.deliveries, std::exchange(link.delivered, 0));
        add_to_counter(counters_.skipped, std::exchange(link.skipped, 0));
        if (!goes_on) {
            read_to_the_end(link);
            return close(link);
        }
        // While its worker does not read, its requests wait too: nothing piles up here.
        if (link.blocked() != was_blocked) {
            poller_.change(link.fd(), link.blocked() ? EPOLLOUT : EPOLLIN,
                           link.slot() + kFirstLink);
        }
    }

    static Link::Standing standing_of(const Member& member) {
        return {member.name(), member.counter};
    }

    // Questions are answered at once, whatever the pause between fan-outs.
    void answer() {
        // Flushing may read to the end of a link, and find one more question there.
        for (Link* const link : std::exchange(asked_, {})) {
            link->asking = false;
            fault_point("broker:before-answer");
            if (link->open()) flush(*link);
            fault_point("broker:after-answer");
        }
    }

    // --- Links

    // Not without end: whoever connects again and again must not keep it here.
    void accept_links() {
        for (int i = 0; i < kAcceptsPerTurn; ++i) {
            UniqueFd fd(::accept4(setup_.listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (fd.valid()) {
                add_link(std::move(fd));
            } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
                return rest_listener();
            } else if (errno != EINTR && errno != ECONNABORTED) {
                return;
            }
        }
    }

    // One link for each process of our user.
    void add_link(UniqueFd fd) {
        const auto pid = peer_pid(fd.get());
        if (!pid) return journal_.warning("somebody else connected to our socket");
        // It waited to be accepted, and its end has been handled meanwhile.
        if (is_gone(*pid)) return;
        Link* const old = links_.by_pid(*pid);
        if (old != nullptr) {
            const Moment now = Clock::now();
            if (!old->pace.allows(now)) return;
            old->pace.spend(now);
            if (old->open()) read_to_the_end(*old);
            forget(*old);
        }
        if (std::exchange(scarce_, false)) journal_.info("new workers come in again");
        Link& link = links_.add(std::move(fd), *pid);
        if (old != nullptr) {
            // A new link is no new beginning. The old one is there until the turn ends.
            link.member_birth_ns = old->member_birth_ns;
            link.pace = old->pace;
        }
        fault_point("broker:after-accept");
        if (!poller_.add(link.fd(), EPOLLIN, link.slot() + kFirstLink)) link.close();
    }

    void rest_listener() {
        if (listener_rests_until_) return;
        if (!std::exchange(scarce_, true)) {
            journal_.warning("accept: %s; new workers wait", std::strerror(errno));
        }
        listener_rests_until_ = Clock::now() + kListenerRest;
        poller_.remove(setup_.listener);
    }

    void wake_listener() {
        listener_rests_until_.reset();
        CHATD_CHECK(poller_.add(setup_.listener, EPOLLIN, kListener));
    }

    void read(Link& link) {
        const auto take = [&](const Frame& frame) { return handle(link, frame); };
        if (!link.read(buffer_, take)) close(link);
    }

    // For a worker that is gone, or goes now: all that it has sent counts.
    void read_to_the_end(Link& link) {
        (void)::shutdown(link.fd(), SHUT_RD);  // What is there can be read; no more can come.
        for (;;) {
            std::array<char, 1> probe;
            if (!link.open()) return;
            const IoStatus status = peek(link.fd(), probe).status;
            if (status == IoStatus::WouldBlock) return;
            read(link);
        }
    }

    // The member stays until the parent says how its process ended.
    void close(Link& link) {
        if (!link.open()) return;
        poller_.remove(link.fd());
        link.close();
        if (listener_rests_until_) wake_listener();
    }

    // --- Requests

    bool handle(Link& link, const Frame& frame) {
        const Moment now = Clock::now();
        if (link.member_birth_ns == kExpelled) return dismiss(link);
        if (!link.pace.allows(now)) return expel(link);
        link.pace.spend(now);
        switch (frame.type) {
            case FrameType::Attach: return attach(link, frame);
            case FrameType::Post: return post(link, frame);
            case FrameType::AskWho: return may_ask(link) && answer_who(link, frame.name);
            case FrameType::AskReplay:
                return may_ask(link) && answer_replay(link, frame.as<AskReplay>().messages);
            default: return false;
        }
    }

    // One question at a time: who does not wait for the answer is no worker of ours.
    static bool may_ask(Link& link) {
        return link.session != 0 && link.session != kStranger && !std::exchange(link.asking, true);
    }

    // A worker that does what no worker of ours does is not its client's any more, and does not
    // come back.
    bool expel(Link& link) {
        journal_.warning("%s broke the rules, pid %d",
                         link.name.empty() ? "(login)" : link.name.c_str(), link.pid());
        Member* const member = room_.by_session(link.session);
        if (member != nullptr) room_.remove(*member, LeaveReason::Expelled, 0, wall_ms());
        link.member_birth_ns = kExpelled;
        return dismiss(link);
    }

    // Tells the worker, if it reads, that there is nothing for it here any more: it ends then.
    bool dismiss(Link& link) {
        append_frame(link.replies, Denied{Refusal::Removed});
        (void)link.flush(log_, crowds_, {{}, kNoLongerMember});
        return false;
    }

    // A process is a member once. As another one, or once more, it could fill the log with comings
    // and goings.
    bool attach(Link& link, const Frame& frame) {
        const auto wanted = frame.as<Attach>();
        if (link.session != 0 || check_name(frame.name) != NameFault::None ||
            !is_clean_text(frame.text)) {
            return false;
        }
        // Another birth: or it is a later process of the same pid, and the end of the one before is
        // not known here yet. That one tries again.
        const bool was_member = link.member_birth_ns != 0;
        if (was_member && wanted.birth_ns != link.member_birth_ns) return false;
        if (was_member && wanted.session == 0 && room_.by_pid(link.pid()) == nullptr) {
            return dismiss(link);
        }
        asked_.push_back(&link);
        fault_point(wanted.session == 0 ? "broker:before-join" : "broker:before-resume");
        const auto admission = room_.attach(
            {link.pid(), wanted.birth_ns, wanted.session, frame.name, frame.text}, wall_ms());
        if (admission.member != nullptr) {
            admit(link, *admission.member, wanted);
        } else if (wanted.session != 0) {
            find_session(link, wanted);
        } else {
            append_frame(link.replies, Denied{admission.reason});
        }
        return true;
    }

    // Of whom is no member any more. That takes a walk through the log; an honest worker does not
    // ask for it twice.
    void find_session(Link& link, const Attach& wanted) {
        link.member_birth_ns = kExpelled;
        if (const auto end = room_.end_of(wanted.session, wanted.last_seq)) {
            see_off(link, wanted, *end);
        } else {
            append_frame(link.replies, Denied{Refusal::Removed});
        }
    }

    // It has left, and the broker died before it was told: it reads on to its own Leave. Whether it
    // is who it says nobody can tell any more, so it is shown nothing private, and nothing later.
    void see_off(Link& link, const Attach& wanted, Position end) {
        link.session = kStranger;
        link.start(log_, log_.after_seq(wanted.last_seq), wanted.messages, {{}, kNoLongerMember});
        link.stop_at(end);
    }

    void admit(Link& link, const Member& member, const Attach& wanted) {
        link.session = member.session;
        link.member_birth_ns = member.birth_ns;
        link.takes_crowds = setup_.crowds && wanted.crowds != 0;
        link.birth_ns = member.birth_ns;
        link.name = member.name();
        const bool back = wanted.session != 0;
        const Position begin = log_.after_seq(back ? wanted.last_seq : member.session);
        const std::uint64_t messages = back ? wanted.messages : log_.messages_before(begin);
        welcome(link, member, messages);
        link.start(log_, begin, messages, standing_of(member));
        if (back) fault_point("broker:after-resume");
        if (wanted.newcomer != 0) link.replay(log_, log_.after_seq(member.session), setup_.replay);
        if (back) return;
        journal_.info("%s joined, pid %d, %s", link.name.c_str(), link.pid(),
                      std::string(member.peer()).c_str());
    }

    void welcome(Link& link, const Member& member, std::uint64_t messages) {
        std::string names;
        for (const Member* const present : room_.matching({}, kNamesShown)) {
            if (!names.empty()) names += ' ';
            names.append(present->name());
        }
        append_frame(
            link.replies,
            Welcome{member.session, member.counter, messages, wall_ms(), room_.members(), 0},
            kVersion, names);
    }

    bool post(Link& link, const Frame& frame) {
        if (link.session == 0) return false;
        Member* const member = room_.by_session(link.session);
        if (member == nullptr) return true;  // It has left; what it sent after that is void.
        if (!room_.post(*member, frame.as<Post>(), frame.name, frame.text, wall_ms())) {
            return expel(link);
        }
        if (frame.as<Post>().kind == EntryKind::Rename) note_name(link);
        if (frame.as<Post>().kind == EntryKind::Leave) {
            asked_.push_back(&link);  // Its worker waits for that; the others may wait.
        } else {
            urgent_end_ = log_.head();
        }
        return true;
    }

    void note_name(Link& link) {
        const Member* const member = room_.by_session(link.session);
        if (member == nullptr || member->name() == link.name) return;
        const std::string old = std::exchange(link.name, std::string(member->name()));
        journal_.info("%s is now called %s, pid %d", old.c_str(), link.name.c_str(), link.pid());
    }

    bool answer_who(Link& link, std::string_view prefix) {
        asked_.push_back(&link);
        const std::vector<const Member*> found = room_.matching(prefix);
        const auto matching = static_cast<std::uint32_t>(found.size());
        const std::uint32_t shown = std::min(matching, kPeopleShown);
        const std::int64_t now_ms = wall_ms();
        append_frame(link.replies, People{now_ms, room_.members(), matching}, prefix);
        for (std::uint32_t i = 0; i < shown; ++i) {
            const Member& member = *found[i];
            append_frame(link.replies,
                         Person{member.since_ms, now_ms - member.active_ms, member.pid, 0},
                         member.name(), member.peer());
        }
        append_frame(link.replies, Done{matching - shown});
        return true;
    }

    bool answer_replay(Link& link, std::uint32_t messages) {
        asked_.push_back(&link);
        link.ask_replay(std::min(messages, kReplayMax));
        return true;
    }

    // --- The parent

    // What is handled is taken off the link only afterwards: if this process dies in between, the
    // next broker finds it there.
    void read_control() {
        const IoResult got = peek(setup_.control, buffer_);
        if (got.status == IoStatus::Ended || got.status == IoStatus::Closed) parent_gone_ = true;
        if (got.status != IoStatus::Done) return;
        // Handling reads links too, into the same buffer.
        const std::string received(buffer_.data(), got.bytes);
        std::string_view bytes = received;
        Frame frame{};
        FrameStatus status;
        while ((status = take_frame(bytes, frame)) == FrameStatus::Whole) obey(frame);
        CHATD_CHECK(status == FrameStatus::Partial);
        fault_point("broker:after-control");
        const std::size_t handled = received.size() - bytes.size();
        const IoResult taken = receive(setup_.control, std::span(buffer_).first(handled));
        CHATD_CHECK(handled == 0 || taken.bytes == handled);
    }

    void obey(const Frame& frame) {
        if (frame.type == FrameType::Ping) return;
        if (frame.type == FrameType::Ended) return bury(frame.as<Ended>());
        CHATD_CHECK(frame.type == FrameType::CloseRoom);
        if (!closing_) room_.close(wall_ms());
        closing_ = true;
        next_fan_out_ = {};
        urgent_end_ = log_.head();
    }

    // A worker's process is gone. What it had sent counts; then its member leaves.
    void bury(const Ended& ended) {
        const WorkerEnd end = worker_end(ended.wait_status);
        Link* const link = link_of(ended);
        if (link != nullptr && link->open()) read_to_the_end(*link);
        Member* const member = room_.by_pid(ended.pid);
        // When it was born only it has told, and it may have lied: then no process has its pid any
        // more. Or a later one of ours has by now, which puts it out: see Room::attach().
        const bool is_member =
            member != nullptr && (member->birth_ns == ended.birth_ns || is_gone(ended.pid));
        // It may have died before it came back to this broker.
        const std::string name = link != nullptr && !link->name.empty() ? link->name
                                 : is_member ? std::string(member->name())
                                             : "(login)";
        // When everybody goes, nobody is told who goes.
        if (is_member && !closing_) room_.remove(*member, end.reason, end.detail, wall_ms());
        journal_.info("%s ended, pid %d: %s, after %.1f s", name.c_str(), ended.pid,
                      end.words.c_str(), static_cast<double>(ended.lived_ms) / 1000);
        if (link != nullptr) {
            close(*link);
            forget(*link);
        }
    }

    void forget(Link& link) {
        std::erase(asked_, &link);
        links_.forget(link);
    }

    // The link of that process. One that still waits to be accepted is not missed: before a worker
    // is welcome it says nothing but that it wants to come in.
    Link* link_of(const Ended& ended) {
        Link* const link = links_.by_pid(ended.pid);
        const bool is_its =
            link != nullptr &&
            (link->birth_ns == 0 || link->birth_ns == ended.birth_ns || is_gone(ended.pid));
        return is_its ? link : nullptr;
    }

    void show_title() {
        title_.set("chatd: broker, " + counted(room_.members(), "member") + ", " +
                   counted(log_.messages(), "message"));
    }

    const BrokerSetup setup_;
    ProcessTitle& title_;
    Journal& journal_;
    Log log_;
    Room room_;
    Poller& poller_;
    BrokerCounters& counters_;
    std::array<char, kReadBytes> buffer_;

    Links links_;
    std::vector<Link*> asked_;

    Position published_;  // what may be sent ends here
    Crowds crowds_;       // up to there
    bool disk_fails_ = false;
    Position fanned_out_to_ = 0;
    Position urgent_end_ = 0;  // up to here something was said
    Moment next_fan_out_;      // for what is said
    Moment next_crowd_;        // when there is nothing but comings and goings
    Deadline listener_rests_until_;
    bool scarce_ = false;
    bool closing_ = false;
    bool parent_gone_ = false;
};

}  // namespace

int run_broker(const BrokerSetup& setup, ProcessTitle& title, Journal& journal) {
    // A broker's life is the parent's to end: a Ctrl-C or a service manager that signals everybody
    // must not take away the one who tells the room.
    Signals::ignore({SIGINT, SIGTERM, SIGHUP, SIGUSR1});
    ProcessTitle::set_short("chatd-broker");
    prefer_throughput();
    BrokerResources means{Mapping(setup.log_memory), Mapping(setup.members_memory),
                          Mapping(setup.counters), Poller()};
    enter_sandbox(setup.sandbox, Role::Broker, setup.descriptors_max);
    auto broker = std::make_unique<Broker>(setup, means, title, journal);
    broker->run();
    return static_cast<int>(ExitStatus::Ok);
}

}  // namespace chatd
