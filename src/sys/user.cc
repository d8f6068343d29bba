#include "sys/user.h"

#include <cstdint>

#include "text/number.h"

namespace chatd {
namespace {

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

struct Row {
    std::string_view name;
    std::optional<std::uint32_t> uid;
    std::optional<std::uint32_t> gid;
};

Row row_of(std::string_view line) {
    Row row{take_part(line, ':'), {}, {}};
    (void)take_part(line, ':');  // the password
    row.uid = parse_id(take_part(line, ':'));
    row.gid = parse_id(take_part(line, ':'));
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
    auto user = look_up(passwd, name, parse_id(name));
    if (!user || !has_group) return user;
    const auto gid = parse_id(wanted);
    if (!gid) return std::nullopt;
    return User{user->uid, *gid};
}

}  // namespace chatd
