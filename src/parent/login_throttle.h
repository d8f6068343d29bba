// A rush at the door: when many clients are there that have told no name, some of those who come
// are turned away at once, by chance and the more the more there are. So one who means it gets in
// with a few tries, where a first come, first served would leave all places to who floods the port.
// After sshd's MaxStartups (sshd_config(5)), and RED (Floyd and Jacobson, 1993).
#pragma once

#include <cstdint>
#include <random>

namespace chatd {

class LoginThrottle {
  public:
    // From `calm` clients without a name on newcomers are turned away, with twice as many all of
    // them; 0: nobody ever is. `seed`: of the dice.
    LoginThrottle(std::uint32_t calm, std::uint32_t seed) : calm_(calm), dice_(seed) {}

    // With so many there, is one more turned away?
    [[nodiscard]] bool turns_away(std::uint64_t logins);

  private:
    std::uint32_t calm_;
    std::minstd_rand dice_;
};

}  // namespace chatd
