// Opens the history at the start, in a process of its own: to read and to repair it takes time that
// grows with its size, which the parent must never spend: it has to end when it is told to.
#pragma once

#include "options.h"
#include "sys/fd.h"
#include "sys/privilege.h"
#include "sys/signals.h"
#include "sys/title.h"

namespace chatd {

// The file of --history, open, locked and whole: see open_history(). It is opened as `new_user`.
// What was lost of it is in the journal. Throws SetupError; also when SIGTERM or SIGINT comes
// meanwhile, then with ExitStatus::Ok.
[[nodiscard]] UniqueFd open_history_in_child(const Options& options,
                                             const std::optional<User>& new_user,
                                             ProcessTitle& title, const Signals& signals);

}  // namespace chatd
