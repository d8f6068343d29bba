#include "lookout/proc_text.h"

#include <array>

#include "text/name.h"
#include "text/number.h"

namespace chatd {
namespace {

// The fields behind the short name, which may itself hold spaces and parentheses. Field 3 of
// proc_pid_stat(5) is the first one here.
class Fields {
  public:
    explicit Fields(std::string_view text) {
        for (std::string_view& field : fields_) {
            text.remove_prefix(std::min(text.find_first_not_of(" \n"), text.size()));
            field = text.substr(0, text.find_first_of(" \n"));
            text.remove_prefix(field.size());
        }
    }

    [[nodiscard]] std::string_view text(std::size_t number) const { return fields_[number - 3]; }

    template <class Number>
    void read(std::size_t number, Number& value) {
        const auto found = parse_number<Number>(text(number));
        value = found.value_or(0);
        is_good_ = is_good_ && found.has_value();
    }

    // Was each field a number that was read as one?
    [[nodiscard]] bool is_good() const { return is_good_; }

  private:
    static constexpr std::size_t kLast = 41;
    std::array<std::string_view, kLast - 3 + 1> fields_;
    bool is_good_ = true;
};

std::string_view name_or_none(std::string_view name) {
    return may_be_name(name) ? name : std::string_view();
}

}  // namespace

std::optional<ProcStat> parse_stat(std::string_view text) {
    const std::size_t open = text.find(" (");
    const std::size_t close = text.rfind(')');
    if (open == text.npos || close == text.npos || close < open + 2) return std::nullopt;
    const auto pid = parse_number<pid_t>(text.substr(0, open));
    Fields fields(text.substr(close + 1));
    if (!pid || fields.text(3).size() != 1) return std::nullopt;
    ProcStat stat{.pid = *pid, .comm = text.substr(open + 2, close - open - 2)};
    std::uint64_t system_ticks = 0;
    stat.state = fields.text(3).front();
    fields.read(4, stat.ppid);
    fields.read(5, stat.group);
    fields.read(6, stat.session);
    fields.read(8, stat.foreground);
    fields.read(14, stat.cpu_ticks);
    fields.read(15, system_ticks);
    fields.read(19, stat.nice);
    fields.read(22, stat.start_ticks);
    fields.read(41, stat.policy);
    stat.cpu_ticks += system_ticks;
    return fields.is_good() ? std::optional(stat) : std::nullopt;
}

std::string stat_as_ps(const ProcStat& stat) {
    std::string shown(1, stat.state);
    if (stat.nice < 0) shown += '<';
    if (stat.nice > 0) shown += 'N';
    if (stat.session == stat.pid) shown += 's';
    if (stat.foreground == stat.group) shown += '+';
    return shown;
}

std::uint64_t number_in_status(std::string_view status, std::string_view field) {
    const std::size_t at = status.find('\n' + std::string(field) + ":\t");
    if (at == status.npos) return 0;
    std::string_view rest = status.substr(at + field.size() + 3);
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    return parse_number<std::uint64_t>(rest.substr(0, rest.find_first_of(" \n"))).value_or(0);
}

std::vector<pid_t> parse_children(std::string_view text) {
    std::vector<pid_t> pids;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(' '));
        if (const auto pid = parse_number<pid_t>(word)) pids.push_back(*pid);
        text.remove_prefix(std::min(word.size() + 1, text.size()));
    }
    return pids;
}

std::optional<int> parse_syscall(std::string_view text) {
    const auto number = parse_number<int>(text.substr(0, text.find_first_of(" \n")), 0);
    return number;
}

std::string_view name_in_title(std::string_view title) {
    constexpr std::string_view kWorker = "chatd: worker ";
    if (!title.starts_with(kWorker)) return {};
    title.remove_prefix(kWorker.size());
    return name_or_none(title.substr(0, title.find(' ')));
}

std::string_view name_in_comm(std::string_view comm) {
    constexpr std::string_view kWorker = "chatd:";
    return comm.starts_with(kWorker) ? name_or_none(comm.substr(kWorker.size()))
                                     : std::string_view();
}

}  // namespace chatd
