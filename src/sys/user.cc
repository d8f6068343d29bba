#include "sys/user.h"

#include <charconv>
#include <cstdint>
#include <string>

namespace chatd {
namespace {

// The number that stands for "leave it as it is" in setresuid(2) is nobody's.
constexpr std::uint32_t kNoId = UINT32_MAX;

std::optional<std::uint32_t> id_in(std::string_view text) {
    std::uint32_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && id != kNoId ? std::optional(id) : std::nullopt;
}

// Takes the part before the next `mark` off `text`, and the mark.
std::string_view take_part(std::string_view& text, char mark) {
    const std::size_t end = text.find(mark);
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return part;
}

struct Row {
    std::string_view name;
    std::optional<std::uint32_t> uid;
    std::optional<std::uint32_t> gid;
};

Row row_of(std::string_view line) {
    Row row{take_part(line, ':'), {}, {}};
    (void)take_part(line, ':');  // the password
    row.uid = id_in(take_part(line, ':'));
    row.gid = id_in(take_part(line, ':'));
    return row;
}

std::optional<User> look_up(std::string_view passwd, std::string_view name,
                            std::optional<std::uint32_t> uid) {
    while (!passwd.empty()) {
        const Row row = row_of(take_part(passwd, '\n'));
        if (!row.uid || !row.gid) continue;
        if (uid ? row.uid == uid : row.name == name) return User{*row.uid, *row.gid};
    }
    return uid ? std::optional(User{*uid, *uid}) : std::nullopt;
}

}  // namespace

std::optional<User> find_user(std::string_view passwd, std::string_view wanted) {
    const bool has_group = wanted.find(':') != std::string_view::npos;
    const std::string_view name = take_part(wanted, ':');
    if (name.empty()) return std::nullopt;
    auto user = look_up(passwd, name, id_in(name));
    if (!user || !has_group) return user;
    const auto gid = id_in(wanted);
    if (!gid) return std::nullopt;
    return User{user->uid, *gid};
}

}  // namespace chatd
