#include "sys/privilege.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "sys/fd.h"
#include "text/number.h"

namespace chatd {
namespace {

constexpr const char* kPasswd = "/etc/passwd";
constexpr const char* kDefaultUser = "nobody";
constexpr User kNobody{65534, 65534};  // when that file has no kDefaultUser

constexpr const char* kOomScore = "/proc/self/oom_score_adj";
constexpr int kNever = -1000;
constexpr int kAlways = 1000;

// UINT32_MAX is no id: to setresuid(2) it means "leave this as it is".
std::optional<std::uint32_t> parse_id(std::string_view text) {
    return parse_number<std::uint32_t>(text, 0, UINT32_MAX - 1);
}

// Returns the part of `text` before the next `mark`, or all of it, and takes both off `text`.
std::string_view take_part(std::string_view& text, char mark) {
    const std::size_t end = text.find(mark);
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return part;
}

// Looks for the uid, or without one for the name.
std::optional<User> look_up(std::string_view passwd, std::string_view name,
                            std::optional<std::uint32_t> uid) {
    while (!passwd.empty()) {
        std::string_view row = take_part(passwd, '\n');
        const std::string_view name_there = take_part(row, ':');
        (void)take_part(row, ':');  // the password
        const auto uid_there = parse_id(take_part(row, ':'));
        const auto gid_there = parse_id(take_part(row, ':'));
        if (!uid_there || !gid_there) continue;
        if (uid ? uid_there == uid : name_there == name) return User{*uid_there, *gid_there};
    }
    return uid ? std::optional(User{*uid, *uid}) : std::nullopt;
}

// The file's text; empty: it cannot be read. (std::ifstream costs each worker pages of its locale.)
std::string contents(const char* path) {
    const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
    std::string text;
    std::array<char, 4096> buffer;
    for (ssize_t bytes; (bytes = ::read(fd.get(), buffer.data(), buffer.size())) > 0;) {
        text.append(buffer.data(), static_cast<std::size_t>(bytes));
    }
    return text;
}

void become(User user) {
    // The groups come first: afterwards this process may not change them.
    if (::setgroups(0, nullptr) == 0 && ::setresgid(user.gid, user.gid, user.gid) == 0 &&
        ::setresuid(user.uid, user.uid, user.uid) == 0) {
        return;
    }
    throw system_error("root cannot become user " + std::to_string(user.uid) +
                       " here; give chatd CAP_SETUID, CAP_SETGID and CAP_CHOWN, start it as that "
                       "user, or stay root with --user root");
}

// A process that is not root may have capabilities too (by its file, or from a service manager).
void drop_capabilities() {
    // EINVAL: this kernel has no ambient capabilities.
    (void)::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
    if (::syscall(SYS_capset, &header, none.data()) != 0) throw system_error("capset");
}

bool write_number(const char* path, int number) {
    const UniqueFd fd(::open(path, O_WRONLY | O_CLOEXEC));
    const std::string text = std::to_string(number);
    return fd.valid() &&
           ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

}  // namespace

std::optional<User> find_user(std::string_view passwd, std::string_view wanted) {
    const bool has_group = wanted.find(':') != std::string_view::npos;
    const std::string_view name = take_part(wanted, ':');
    if (name.empty()) return std::nullopt;
    const auto user = look_up(passwd, name, parse_id(name));
    if (!user || !has_group) return user;
    const auto gid = parse_id(wanted);
    return gid ? std::optional(User{user->uid, *gid}) : std::nullopt;
}

std::optional<User> user_to_become(const std::string& wanted) {
    const bool is_root = ::geteuid() == 0;
    if (wanted.empty() && !is_root) return std::nullopt;
    const auto found = find_user(contents(kPasswd), wanted.empty() ? kDefaultUser : wanted);
    if (!found && wanted.empty()) return kNobody;
    if (!found) {
        throw SetupError(ExitStatus::Usage,
                         "--user takes NAME, UID, NAME:GID or UID:GID; there is no " + wanted +
                             " in " + kPasswd);
    }
    if (found->uid == ::geteuid()) return std::nullopt;
    if (is_root) return found;
    throw SetupError(ExitStatus::Usage, "only root can become " + wanted + "; leave --user away");
}

ParentDeathSignal::ParentDeathSignal() {
    if (::prctl(PR_GET_PDEATHSIG, &signal_) != 0) throw system_error("prctl");
}

void ParentDeathSignal::restore() const {
    if (signal_ != 0 && ::prctl(PR_SET_PDEATHSIG, signal_) != 0) throw system_error("prctl");
}

EffectiveUser::EffectiveUser(const std::optional<User>& user) : acting_(user.has_value()) {
    if (!user) return;
    if (::setegid(user->gid) != 0) throw system_error("setegid");
    if (::seteuid(user->uid) != 0) throw system_error("seteuid");
}

EffectiveUser::~EffectiveUser() {
    if (acting_) CHATD_CHECK(::seteuid(0) == 0 && ::setegid(0) == 0);
}

void give_up_privileges(std::optional<User> user) {
    if (user) become(*user);
    // With --user root this process keeps what root has.
    if (::geteuid() == 0) return;
    drop_capabilities();
    if (user && ::setresuid(0, 0, 0) == 0) {
        throw SetupError(ExitStatus::System, "privileges could be had again; refusing to run");
    }
}

int lower_oom_score() {
    if (write_number(kOomScore, kNever)) return kNever;
    const std::string score = contents(kOomScore);
    return parse_number<int>(score.substr(0, score.find('\n'))).value_or(0);
}

void raise_oom_score(int parent, int more) {
    // This file belongs to root while the process is not dumpable (proc(5)), so it becomes dumpable
    // for a moment.
    const int dumpable = ::prctl(PR_GET_DUMPABLE);
    if (dumpable != 1) (void)::prctl(PR_SET_DUMPABLE, 1);
    const int base = parent == kNever ? 0 : parent;
    (void)write_number(kOomScore, std::min(base + more, kAlways));
    if (dumpable != 1) (void)::prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace chatd
