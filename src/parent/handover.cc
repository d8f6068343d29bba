#include "parent/handover.h"

#include <charconv>
#include <concepts>

namespace chatd {
namespace {

constexpr std::string_view kFormat = "chatd-handover-1";

// Lines of words: numbers, and texts with their length before them, for they may hold anything.
class Writer {
  public:
    Writer& word(std::string_view word) {
        text_.append(word);
        return *this;
    }
    template <std::integral Number>
    Writer& operator()(Number number) {
        return word(" ").word(std::to_string(number));
    }
    Writer& operator()(const std::string& text) {
        return (*this)(text.size()).word(":").word(text);
    }
    void end_line() { word("\n"); }

    std::string text_;
};

class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    std::string_view word() { return cut(rest_.find_first_of(" \n")); }

    // False: that is not what is there.
    bool operator()(std::integral auto& number) {
        if (!skip(' ')) return false;
        const auto [end, error] =
            std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        return error == std::errc();
    }
    bool operator()(bool& flag) {
        unsigned number = 0;
        if (!(*this)(number) || number > 1) return false;
        flag = number == 1;
        return true;
    }
    bool operator()(std::string& text) {
        std::size_t bytes = 0;
        if (!(*this)(bytes) || !skip(':') || bytes > rest_.size()) return false;
        text = cut(bytes);
        return true;
    }
    [[nodiscard]] bool at_line_end() const { return rest_.starts_with('\n'); }
    bool end_line() { return skip('\n'); }

  private:
    bool skip(char expected) {
        if (!rest_.starts_with(expected)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    std::string_view cut(std::size_t bytes) {
        const std::string_view taken = rest_.substr(0, bytes);
        rest_.remove_prefix(taken.size());
        return taken;
    }

    std::string_view rest_;
};

// One line for each word that a handover may have. False: what follows the word is not what should.
bool read_line(Reader& in, std::string_view word, Handover& out) {
    if (word == "formats") {
        return in(out.frame_version) && in(out.log_version) && in(out.table_version);
    }
    if (word == "clients-max") return in(out.clients_max);
    if (word == "terminal") return in(out.has_terminal);
    if (word == "run-directory") return in(out.made_run_directory) && in(out.run_directory);
    if (word == "socket") {
        return in(out.broker_listener) && in(out.broker_place) && in(out.socket_path);
    }
    if (word == "memory") return in(out.log_memory) && in(out.members_memory);
    if (word == "control") return in(out.control_first) && in(out.control_second);
    if (word == "bell") return in(out.wakeup);
    if (word == "program-directory") return in(out.program_directory);
    if (word == "broker") return in(out.broker);
    if (word == "outbox") return in(out.outbox);
    if (word == "counters") {
        bool good = in(out.counters_version) && in(out.broker_counters);
        while (good && !in.at_line_end()) good = in(out.parent_counters.emplace_back());
        return good;
    }
    if (word == "metrics") {
        return in(out.metrics) && in(out.metrics_directory) && in(out.metrics_name);
    }
    if (word == "listener") {
        Handover::Listener& listener = out.listeners.emplace_back();
        return in(listener.fd) && in(listener.name);
    }
    if (word == "worker") {
        Handover::Worker& worker = out.workers.emplace_back();
        // Older versions tell no address.
        return in(worker.pid) && in(worker.birth_ns) && (in.at_line_end() || in(worker.address));
    }
    return false;
}

}  // namespace

std::vector<int> Handover::fds() const {
    std::vector<int> all = {broker_listener, broker_place,   log_memory, members_memory,
                            control_first,   control_second, wakeup};
    if (program_directory >= 0) all.push_back(program_directory);
    for (const int fd : {broker_counters, metrics, metrics_directory}) {
        if (fd >= 0) all.push_back(fd);
    }
    for (const Listener& listener : listeners) all.push_back(listener.fd);
    return all;
}

std::string write_handover(const Handover& from) {
    Writer out;
    out.word(kFormat).end_line();
    out.word("formats")(from.frame_version)(from.log_version)(from.table_version).end_line();
    out.word("clients-max")(from.clients_max).end_line();
    out.word("terminal")(int{from.has_terminal}).end_line();
    for (const Handover::Listener& listener : from.listeners) {
        out.word("listener")(listener.fd)(listener.name).end_line();
    }
    out.word("run-directory")(int{from.made_run_directory})(from.run_directory).end_line();
    out.word("socket")(from.broker_listener)(from.broker_place)(from.socket_path).end_line();
    out.word("memory")(from.log_memory)(from.members_memory).end_line();
    out.word("control")(from.control_first)(from.control_second).end_line();
    out.word("bell")(from.wakeup).end_line();
    out.word("program-directory")(from.program_directory).end_line();
    out.word("broker")(from.broker).end_line();
    for (const Handover::Worker& worker : from.workers) {
        out.word("worker")(worker.pid)(worker.birth_ns)(worker.address).end_line();
    }
    out.word("outbox")(from.outbox).end_line();
    out.word("counters")(from.counters_version)(from.broker_counters);
    for (const std::uint64_t counter : from.parent_counters) out(counter);
    out.end_line();
    out.word("metrics")(from.metrics)(from.metrics_directory)(from.metrics_name).end_line();
    out.word("end").end_line();
    return out.text_;
}

std::optional<Handover> read_handover(std::string_view text) {
    Reader in(text);
    if (in.word() != kFormat || !in.end_line()) return std::nullopt;
    Handover handover;
    for (;;) {
        const std::string_view word = in.word();
        if (word == "end") return handover;
        if (!read_line(in, word, handover) || !in.end_line()) return std::nullopt;
    }
}

}  // namespace chatd
