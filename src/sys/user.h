// Looks up users in the text of /etc/passwd (passwd(5)): a static program has no other way.
//
// This file must never read that file: the caller passes the text.
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

// The user that `wanted` names, as NAME, UID, NAME:GID or UID:GID. A NAME must be in `passwd`. A
// UID need not be: without a row its group has the same number. None: there is no such user, or
// `wanted` has none of these forms.
[[nodiscard]] std::optional<User> find_user(std::string_view passwd, std::string_view wanted);

}  // namespace chatd
