// Privileges: what root may do and nobody of ours needs once all is set up.
#pragma once

#include <optional>
#include <string>

#include "sys/user.h"

namespace chatd {

// Who this process is to become: the user of --user, or without one nobody. Nothing: it stays who
// it is, for it is that user or not root. Throws SetupError when there is no such user, or it may
// not become that one.
[[nodiscard]] std::optional<User> user_to_become(const std::string& wanted);

// For as long as it lives, files are opened, made and renamed as that user may, and not as root
// may: in a directory that is somebody else's a name can lead anywhere. Without a user it is
// nothing.
class ActingAs {
  public:
    explicit ActingAs(const std::optional<User>& user);
    ~ActingAs();

    ActingAs(const ActingAs&) = delete;
    ActingAs& operator=(const ActingAs&) = delete;

  private:
    bool acting_;
};

// Whoever started this process may want it to end with him (prctl(2), PR_SET_PDEATHSIG). The kernel
// forgets that when a process becomes another user; this is to remember.
class DeathWish {
  public:
    DeathWish();
    void renew() const;

  private:
    int signal_ = 0;
};

// Becomes that user, in its group alone, for good; and without one too gives up every capability,
// of this process and of all that it executes or forks. Throws SetupError when anything is left.
void give_up_privileges(std::optional<User> user);

// --- When memory runs out: proc(5), /proc/pid/oom_score_adj

// Has the kernel kill this process last, if it may have that; returns what stands there now.
int be_killed_last();

// In a child of a process that has `parent` there: has the kernel kill this one before its parent,
// by `more` thousandths of all memory. A wish: where it cannot be, all still works.
void be_killed_before(int parent, int more);

}  // namespace chatd
