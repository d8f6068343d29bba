// Introductions: clients that come through a trusted proxy are introduced by their workers, who
// read in the request for whom the proxy has connected. A worker may say so once. Of a worker the
// parent reads this one address, and nothing of a client.
#pragma once

#include <poll.h>

#include <functional>
#include <string>
#include <vector>

#include "base/bounds.h"
#include "parent/resources.h"
#include "sys/fd.h"

namespace chatd {

class Introductions {
  public:
    // The links are resources of the parent: they go over to the next program in an upgrade.
    // `links` outlives this object. Throws std::bad_alloc.
    explicit Introductions(std::vector<IntroductionLink>& links) : links_(links) {
        links_.reserve(kIntroductionsMax);
    }

    // Makes a link for a worker that is about to be forked, and returns the worker's end. forked()
    // has to be called next; its pid is -1 if the fork has failed. Invalid: errno says why not.
    [[nodiscard]] UniqueFd open();
    void forked(pid_t pid);

    // At most kIntroductionsMax. Readable: there is an introduction for turn(), or a worker does
    // not make one.
    void append_polls(std::vector<pollfd>& polls) const;

    // Calls introduce(pid, address, link) for each address that has come. The worker waits on the
    // link for one of the answers below.
    using Introduce = std::function<void(pid_t, const std::string&, int)>;
    void turn(const Introduce& introduce);

    // The client is welcome; its address has what is in this file (parent/budgets). Or it reads
    // this line, with its end. A worker that gets neither turns its client away too.
    static void admit(int link, int budget_file);
    static void turn_away(int link, std::string_view line);

  private:
    std::vector<IntroductionLink>& links_;
};

}  // namespace chatd
