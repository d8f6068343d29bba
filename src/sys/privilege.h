// Privileges: what root may do, and what no process of chatd needs once all is set up; and the user
// that root becomes.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace chatd {

struct User {
    uid_t uid;
    gid_t gid;
    bool operator==(const User&) const = default;
};

// The user that `wanted` names, as NAME, UID, NAME:GID or UID:GID. A NAME must be in `passwd`, the
// text of /etc/passwd (passwd(5); a static program cannot use getpwnam(3)). A UID need not be:
// without a row its group has the same number. None: there is no such user, or `wanted` has none of
// these forms.
[[nodiscard]] std::optional<User> find_user(std::string_view passwd, std::string_view wanted);

// The user that this process becomes: `wanted` (--user), or "nobody" when that is empty and this
// process is root. None: it stays what it is, because it is not root or is that user already.
// Throws SetupError when there is no such user, or this process may not become it.
[[nodiscard]] std::optional<User> user_to_become(const std::string& wanted);

// While this object lives, root opens, makes and renames files as `user` may: in a directory of
// somebody else a name can lead anywhere. Without a user it does nothing. Throws SetupError.
class EffectiveUser {
  public:
    explicit EffectiveUser(const std::optional<User>& user);
    ~EffectiveUser();
    EffectiveUser(const EffectiveUser&) = delete;
    EffectiveUser& operator=(const EffectiveUser&) = delete;

  private:
    bool acting_;
};

// Remembers the signal that ends this process together with its own parent (prctl(2),
// PR_SET_PDEATHSIG), because the kernel forgets it when a process becomes another user. Both
// functions throw SetupError.
class ParentDeathSignal {
  public:
    ParentDeathSignal();
    void restore() const;

  private:
    int signal_ = 0;  // 0: there is none
};

// Becomes `user` for good, in the user's group alone. Even without a user, it gives up every
// capability of this process and of all that it executes or forks, unless it stays root. Throws
// SetupError, also when root's privileges could be had again.
void give_up_privileges(std::optional<User> user);

// --- The process that the kernel kills when memory runs out: proc(5), /proc/pid/oom_score_adj

// Has the kernel kill this process last, if it may ask for that. Returns the score that it has now.
int lower_oom_score();

// Has the kernel kill this child before its parent, which has the score `parent`, as if the child
// used `more` thousandths of all memory more. Where that fails, nothing changes.
void raise_oom_score(int parent, int more);

}  // namespace chatd
