#include "chat/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/bounds.h"
#include "chat/outbox.h"
#include "sys/error.h"

namespace chatd {
namespace {

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd, bytes.data(), bytes.size());
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

// Makes each directory of the path. What fails shows when the file is made.
void make_directories(const std::string& path) {
    for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
        (void)::mkdir(path.substr(0, at).c_str(), 0700);
    }
}

}  // namespace

// A path that is not absolute is to be ignored (XDG Base Directory Specification).
std::string input_history_path(const char* config_home, const char* home) {
    const std::string_view config(config_home == nullptr ? "" : config_home);
    if (config.starts_with('/')) return std::string(config) + "/chat/history";
    if (!config.empty() || home == nullptr || *home != '/') return {};
    return std::string(home) + "/.config/chat/history";
}

InputHistory load_input_history(const std::string& path) {
    std::string text;
    const UniqueFd file(path.empty() ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    std::array<char, 4096> buffer;
    while (file.valid() && text.size() < kInputHistoryBytes) {
        const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
        if (count <= 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return InputHistory::parse(text);
}

void save_input_history(const std::string& path, const InputHistory& history) {
    if (path.empty()) return;
    InputHistory lines = load_input_history(path);
    for (std::size_t i = history.size() - history.added(); i < history.size(); ++i) {
        if (kind_of(history.at(i)) != LineKind::Private) lines.add(history.at(i));
    }
    make_directories(path);
    std::string temporary = path + ".XXXXXX";
    const UniqueFd file(::mkostemp(temporary.data(), O_CLOEXEC));  // with mode 0600
    if (!file.valid()) return;
    const bool is_written = write_all(file.get(), lines.serialize());
    if (is_written && ::rename(temporary.c_str(), path.c_str()) == 0) return;
    (void)::unlink(temporary.c_str());
}

LogFile::LogFile(const std::string& path) {
    if (path.empty()) return;
    fd_.reset(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600));
    if (!fd_.valid()) throw system_error(path);
}

std::string LogFile::append(std::string_view text) {
    if (!fd_.valid() || write_all(fd_.get(), text)) return {};
    const std::string why = std::strerror(errno);
    fd_.reset();
    return why;
}

}  // namespace chatd
