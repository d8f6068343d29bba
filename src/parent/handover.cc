#include "parent/handover.h"

#include <concepts>

#include "text/number.h"

namespace chatd {
namespace {

// The table of the format: the lines in their order, each with its word and its values. rows()
// stands for one line for each row. Never change a line without a new first line: programs since
// 0.3.0 write and read exactly these ("bell" is what 0.3.0 called the wakeup). A program reads only
// the lines that it knows behind the "end", and an older one writes fewer of them: new lines go
// there, behind all others, as more().
template <class SomeHandover, class Visitor>
void visit_lines(SomeHandover& handover, Visitor& visitor) {
    using Introduction = Handover::Introduction;
    using Listener = Handover::Listener;
    using Worker = Handover::Worker;
    visitor.line("chatd-handover-1");
    visitor.line("formats", handover.frame_version, handover.log_version, handover.table_version);
    visitor.line("clients-max", handover.clients_max);
    visitor.line("terminal", handover.has_terminal);
    visitor.rows("listener", handover.listeners, &Listener::fd, &Listener::name);
    visitor.line("run-directory", handover.made_run_directory, handover.run_directory);
    visitor.line("socket", handover.broker_listener, handover.broker_place, handover.socket_path);
    visitor.line("memory", handover.log_memory, handover.members_memory);
    visitor.line("control", handover.control_first, handover.control_second);
    visitor.line("bell", handover.wakeup);
    visitor.line("program-directory", handover.program_directory);
    visitor.line("broker", handover.broker);
    visitor.rows("worker", handover.workers, &Worker::pid, &Worker::birth_ns, &Worker::address);
    visitor.line("outbox", handover.outbox);
    visitor.line("counters", handover.counters_version, handover.broker_counters,
                 handover.parent_counters);
    visitor.line("metrics", handover.metrics, handover.metrics_directory, handover.metrics_name);
    visitor.line("end");
    visitor.more("log-size", handover.ring_bytes, handover.has_archive);
    visitor.more("program-before", handover.program_before);
    visitor.rows("peer", handover.peers, &Handover::Peer::pid, &Handover::Peer::peer);
    visitor.rows("stopped", handover.stopped, &Handover::Stopped::pid);
    visitor.rows("budget", handover.budgets, &Handover::Budget::fd, &Handover::Budget::address);
    visitor.more("lookout", handover.lookout_listener, handover.lookout_place);
    visitor.rows("introduction", handover.introductions, &Introduction::pid, &Introduction::fd);
}

// A value is a number, or a text behind its length and a colon, because a text may hold any byte.
class Writer {
  public:
    template <class... Values>
    void line(std::string_view word, const Values&... values) {
        text_.append(word);
        (write(values), ...);
        text_ += '\n';
    }
    template <class... Values>
    void more(std::string_view word, const Values&... values) {
        line(word, values...);
    }
    template <class Row, class... Values>
    void rows(std::string_view word, const std::vector<Row>& rows, Values Row::*... members) {
        for (const Row& row : rows) line(word, row.*members...);
    }

    std::string text_;
    std::vector<int> fds_;  // those that were written

  private:
    void write(std::integral auto number) { text_ += ' ' + std::to_string(number); }
    void write(Handover::Descriptor fd) {
        write(fd.number);
        if (fd.number >= 0) fds_.push_back(fd.number);
    }
    void write(const std::string& text) {
        write(text.size());
        text_ += ':' + text;
    }
    void write(const std::vector<std::uint64_t>& numbers) {
        for (const std::uint64_t number : numbers) write(number);
    }
};

class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    template <class... Values>
    void line(std::string_view word, Values&... values) {
        good_ = good_ && skip(word) && (read(values) && ...) && skip("\n");
    }
    template <class... Values>
    void more(std::string_view word, Values&... values) {
        if (rest_.starts_with(word)) line(word, values...);
    }
    template <class Row, class... Values>
    void rows(std::string_view word, std::vector<Row>& rows, Values Row::*... members) {
        while (good_ && rest_.starts_with(word)) {
            Row& row = rows.emplace_back();
            line(word, row.*members...);
        }
    }

    // Was each line of the table there?
    [[nodiscard]] bool is_good() const { return good_; }

  private:
    bool skip(std::string_view expected) {
        if (!rest_.starts_with(expected)) return false;
        rest_.remove_prefix(expected.size());
        return true;
    }
    // False: the next value is not of this type.
    template <std::integral Number>
    bool read(Number& number) {
        if (!skip(" ")) return false;
        const auto found = parse_number<Number>(cut(rest_.find_first_of(" :\n")));
        number = found.value_or(0);
        return found.has_value();
    }
    bool read(bool& flag) {
        unsigned number = 0;
        const bool is_number = read(number);
        flag = number == 1;
        return is_number && number <= 1;
    }
    bool read(Handover::Descriptor& fd) { return read(fd.number); }
    bool read(std::string& text) {
        std::size_t bytes = 0;
        if (!read(bytes) || !skip(":") || bytes > rest_.size()) return false;
        text = cut(bytes);
        return true;
    }
    // Reads numbers up to the end of the line.
    bool read(std::vector<std::uint64_t>& numbers) {
        while (!rest_.starts_with('\n')) {
            if (!read(numbers.emplace_back())) return false;
        }
        return true;
    }

    std::string_view cut(std::size_t bytes) {
        const std::string_view taken = rest_.substr(0, bytes);
        rest_.remove_prefix(taken.size());
        return taken;
    }

    std::string_view rest_;
    bool good_ = true;
};

}  // namespace

std::vector<int> Handover::fds() const {
    Writer out;
    visit_lines(*this, out);
    return std::move(out.fds_);
}

std::string write_handover(const Handover& handover) {
    Writer out;
    visit_lines(handover, out);
    return std::move(out.text_);
}

std::optional<Handover> read_handover(std::string_view text) {
    Reader in(text);
    Handover handover;
    visit_lines(handover, in);
    return in.is_good() ? std::optional(handover) : std::nullopt;
}

}  // namespace chatd
