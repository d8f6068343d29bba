// Users, as /etc/passwd has them (passwd(5)): a static program has no other way to look one up.
//
// This file must never read that file: it is given the text.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string_view>

namespace chatd {

struct User {
    uid_t uid;
    gid_t gid;

    bool operator==(const User&) const = default;
};

// The user that `wanted` names, in one of the forms NAME, UID, NAME:GID and UID:GID. A NAME has to
// be in `passwd`; a UID need not be, and its group is then of the same number. Nothing: there is no
// such user, or that is no such form.
[[nodiscard]] std::optional<User> find_user(std::string_view passwd, std::string_view wanted);

}  // namespace chatd
