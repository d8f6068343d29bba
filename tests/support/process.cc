#include "support/process.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "support/file.h"

namespace chatd::test {

namespace {

std::string command_line(pid_t pid) {
    std::string words = contents("/proc/" + std::to_string(pid) + "/cmdline");
    while (!words.empty() && words.back() == '\0') words.pop_back();
    std::replace(words.begin(), words.end(), '\0', ' ');
    return words;
}

}  // namespace

std::optional<Process> process(pid_t pid) {
    const std::string stat = contents("/proc/" + std::to_string(pid) + "/stat");
    // "pid (comm) state ppid pgrp ...". comm may hold anything, parentheses as well.
    const std::size_t open = stat.find('(');
    const std::size_t close = stat.rfind(')');
    if (open == std::string::npos || close == std::string::npos) return std::nullopt;
    Process found;
    found.pid = pid;
    found.comm = stat.substr(open + 1, close - open - 1);
    std::istringstream fields(stat.substr(close + 1));
    fields >> found.state >> found.ppid >> found.pgrp;
    found.cmdline = command_line(pid);
    return found;
}

std::uint64_t processor_ticks(pid_t pid) {
    const std::string stat = contents("/proc/" + std::to_string(pid) + "/stat");
    // proc(5): utime and stime are fields 14 and 15. Field 3 is the first behind the parenthesis.
    std::istringstream fields(stat.substr(stat.rfind(')') + 1));
    std::string field;
    for (int number = 3; number < 14; ++number) fields >> field;
    std::uint64_t user = 0;
    std::uint64_t system = 0;
    if (!(fields >> user >> system)) throw std::runtime_error("no process to measure");
    return user + system;
}

std::uint64_t peak_memory_kib(pid_t pid) {
    const std::string status = contents("/proc/" + std::to_string(pid) + "/status");
    const std::size_t at = status.find("VmHWM:");
    if (at == std::string::npos) throw std::runtime_error("no process to measure");
    return std::stoull(status.substr(at + 6));
}

std::vector<Process> all_processes() {
    std::vector<Process> found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
        const std::string name = entry.path().filename();
        pid_t pid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error != std::errc{} || *end != '\0') continue;
        if (auto one = process(pid)) found.push_back(std::move(*one));
    }
    std::sort(found.begin(), found.end(),
              [](const Process& a, const Process& b) { return a.pid < b.pid; });
    return found;
}

std::vector<Process> children(pid_t pid) {
    std::vector<Process> found = all_processes();
    std::erase_if(found, [&](const Process& one) { return one.ppid != pid; });
    return found;
}

std::vector<Process> processes(pid_t root) {
    std::vector<Process> found = all_processes();
    std::set<pid_t> family{root};
    // A child may have a smaller pid than its parent, so one pass is not enough.
    for (std::size_t before = 0; before != family.size();) {
        before = family.size();
        for (const Process& one : found) {
            if (family.contains(one.ppid)) family.insert(one.pid);
        }
    }
    std::erase_if(found,
                  [&](const Process& one) { return one.pid == root || !family.contains(one.pid); });
    return found;
}

}  // namespace chatd::test
