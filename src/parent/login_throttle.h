// The login throttle: while many clients have told no name yet, some newcomers are turned away at
// once, by chance, and the more of them the more such clients there are. So a person gets in with a
// few tries. If the first to come were the first to be served, somebody who floods the port would
// get all places. After sshd's MaxStartups (sshd_config(5)), and RED (Floyd and Jacobson, 1993).
//
// This file must never count clients or refuse one: its caller does.
#pragma once

#include <cstdint>
#include <random>

namespace chatd {

class LoginThrottle {
  public:
    // With up to `logins_max` clients without a name no newcomer is turned away; with twice as
    // many, every newcomer is. 0: no newcomer ever is. `seed`: of the random numbers.
    LoginThrottle(std::uint32_t logins_max, std::uint32_t seed)
        : logins_max_(logins_max), random_(seed) {}

    // Is the next newcomer turned away, with `logins` clients that have told no name?
    [[nodiscard]] bool turns_away(std::uint64_t logins);

  private:
    std::uint32_t logins_max_;
    std::minstd_rand random_;
};

}  // namespace chatd
