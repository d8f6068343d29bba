#include "worker/ps_table.h"

#include <algorithm>
#include <array>

#include "text/name.h"
#include "text/table.h"
#include "text/width.h"
#include "worker/who_table.h"

namespace chatd {
namespace {

std::string_view word_of(ProcessRole role, Language language) {
    switch (role) {
        case ProcessRole::Parent: return text_of(Text::RoleParent, language);
        case ProcessRole::Broker: return text_of(Text::RoleBroker, language);
        case ProcessRole::Worker: return text_of(Text::RoleWorker, language);
        case ProcessRole::Lookout: return text_of(Text::RoleLookout, language);
        case ProcessRole::Other: break;
    }
    return text_of(Text::RoleOther, language);
}

// The letters are those of proc_pid_stat(5).
std::string_view word_of_state(char state, Language language) {
    switch (state) {
        case 'R': return text_of(Text::StateRunning, language);
        case 'S': return text_of(Text::StateSleeping, language);
        case 'D': return text_of(Text::StateDisk, language);
        case 'T': return text_of(Text::StateStopped, language);
        case 't': return text_of(Text::StateTraced, language);
        case 'Z': return text_of(Text::StateZombie, language);
        default: return "-";
    }
}

// "12.05"
std::string seconds_text(std::int64_t time_ms) {
    const std::string hundredths = std::to_string(100 + time_ms / 10 % 100);
    return std::to_string(time_ms / 1000) + '.' + hundredths.substr(1);
}

// sched(7)
std::string policy_of(std::uint32_t policy) {
    constexpr std::array kPolicies = {"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR",      "SCHED_BATCH",
                                      "SCHED_ISO",   "SCHED_IDLE", "SCHED_DEADLINE"};
    return policy < kPolicies.size() ? kPolicies[policy] : std::to_string(policy);
}

std::string or_dash(const std::string& text) {
    return text.empty() ? "-" : text;
}

bool is_zombie(const ProcessNews& process) {
    return process.row.stat[0] == 'Z';
}

// The kernel keeps no more of a zombie than "chatd:" and nine bytes, in whole characters of mostly
// three bytes. A name that may have been longer is marked.
std::string name_of(const ProcessNews& process) {
    constexpr std::size_t kKeptBytes = 9;
    const std::string& name = process.name;
    if (name.empty() || !is_zombie(process)) return name;
    const bool ends_in_ascii = (name.back() & 0x80) == 0;
    return name.size() < kKeptBytes - (ends_in_ascii ? 0 : 2) ? name : name + "…";
}

// As pstree(1) shows the process, in full.
std::string node_of(const ProcessNews& process) {
    std::string node = "chatd";
    switch (process.row.role) {
        case ProcessRole::Broker: node += "-broker"; break;
        case ProcessRole::Lookout: node += "-lookout"; break;
        case ProcessRole::Worker:
            node += process.name.empty() ? "-worker" : ':' + name_of(process);
            break;
        case ProcessRole::Parent:
        case ProcessRole::Other: break;
    }
    return node + '(' + std::to_string(process.row.pid) + ')';
}

}  // namespace

std::string stat_of(const ProcessRow& row) {
    std::string stat;
    for (const char letter : row.stat) {
        const bool is_letter = letter > ' ' && letter <= '~';
        if (is_letter) stat += letter;
    }
    return stat;
}

bool ProcessAnswer::is_asked_for(const ProcessNews& process) const {
    return !as_tree && !prefix.empty() && fold_name(process.name) == fold_name(prefix);
}

void append_ps_table(std::string& out, Language language,
                     const std::vector<ProcessNews>& processes) {
    const auto heading = [language](Text text) { return text_of(text, language); };
    Table table({{.heading = heading(Text::WhoPid), .align = Align::Right},
                 {.heading = heading(Text::PsParent), .align = Align::Right},
                 {.heading = heading(Text::PsRole)},
                 {.heading = heading(Text::PsStat)},
                 {.heading = {}},  // the word for the state
                 {.heading = heading(Text::PsCpu), .align = Align::Right},
                 {.heading = "KiB", .align = Align::Right},
                 {.heading = "ni", .align = Align::Right},
                 {.heading = heading(Text::PsAge), .align = Align::Right},
                 {.heading = heading(Text::WhoName)}});
    for (const ProcessNews& process : processes) {
        const ProcessRow& row = process.row;
        table.add({std::to_string(row.pid), std::to_string(row.ppid),
                   std::string(word_of(row.role, language)), stat_of(row),
                   std::string(word_of_state(row.stat[0], language)), seconds_text(row.cpu_ms),
                   std::to_string(row.memory_kib), std::to_string(row.nice),
                   duration_text(language, row.age_ms), or_dash(name_of(process))});
    }
    table.append_to(out);
    if (std::ranges::any_of(processes, is_zombie)) {
        append_text(out, language, Text::PsZombies, {});
        out += '\n';
    }
}

void append_ps_details(std::string& out, Language language, const ProcessNews& process,
                       const OwnNews& own) {
    const ProcessRow& row = process.row;
    const std::string call =
        process.call.empty() ? std::string(text_of(Text::PsHidden, language)) : process.call;
    append_text(out, language, Text::PsDetails, {process.name, policy_of(row.policy), call});
    out += '\n';
    if (row.pid != own.pid) return;
    append_text(
        out, language, Text::PsOwn,
        {std::to_string(own.voluntary), std::to_string(own.involuntary), std::to_string(own.files),
         std::to_string(own.links), std::to_string(own.unread), std::to_string(own.unconfirmed)});
    out += '\n';
}

void append_ps_tree(std::string& out, const std::vector<ProcessNews>& processes) {
    if (processes.empty()) return;
    const ProcessRow& first = processes.front().row;
    const std::size_t parents = first.role == ProcessRole::Parent ? 1 : 0;
    const pid_t parent = parents == 1 ? first.pid : first.ppid;
    const std::string root = "chatd(" + std::to_string(parent) + ')';
    const std::string indent(columns_of(root) + 1, ' ');
    out += root;
    for (std::size_t i = parents; i < processes.size(); ++i) {
        const bool is_last = i + 1 == processes.size();
        if (i == parents) {
            out += is_last ? "───" : "─┬─";
        } else {
            out += indent + (is_last ? "└─" : "├─");
        }
        out += node_of(processes[i]) + '\n';
    }
    if (processes.size() == parents) out += '\n';
}

}  // namespace chatd
