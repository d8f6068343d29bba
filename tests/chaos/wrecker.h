// The wrecker of the chaos run: it kills, stops and upgrades processes of one server, and measures
// how long the room pauses because of that.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "chaos/crowd.h"
#include "support/daemon.h"
#include "support/process.h"

namespace chatd::test {

// The program of the server and another version of it. An upgrade exchanges them.
class Programs {
  public:
    Programs(std::string first, std::string second);

    // Puts the other version in the place of the program.
    void exchange();
    [[nodiscard]] std::string path() const { return scratch_.path() + "/chatd"; }

  private:
    Scratch scratch_;
    std::string now_;
    std::string other_;
};

class Wrecker {
  public:
    Wrecker(Daemon& daemon, Crowd& crowd, Programs& programs, Random& random)
        : daemon_(daemon), crowd_(crowd), programs_(programs), random_(random) {}

    // Does one deed, chosen at random, unless the room has not recovered from the last one yet.
    void wreck();

    // Continues stopped processes whose time has come, and notes a pulse that was heard.
    void turn();

    // Continues all stopped processes.
    void stop_wrecking();

    // By deed: how long it took until the scribe read a line that was said after the deed, in
    // seconds.
    [[nodiscard]] const std::map<std::string, std::vector<double>>& pauses_s() const {
        return pauses_s_;
    }
    [[nodiscard]] const std::map<std::string, int>& deeds() const { return deeds_; }
    [[nodiscard]] const std::vector<std::string>& diary() const { return diary_; }

  private:
    struct Stopped {
        pid_t pid;
        Deadline until;
        std::string deed;
    };

    void did(const std::string& deed, pid_t pid);
    void measure(const std::string& deed);
    void signal_broker(const std::string& deed, int signal);
    void stop(const std::string& deed, pid_t pid, std::size_t milliseconds);
    void go_on(const Stopped& stopped);
    void volley();
    void upgrade();
    void wreck_worker();
    [[nodiscard]] pid_t worker_of(const Crowd::Victim& victim) const;
    [[nodiscard]] pid_t broker() const;
    [[nodiscard]] bool is_ours(pid_t pid) const;

    Daemon& daemon_;
    Crowd& crowd_;
    Programs& programs_;
    Random& random_;
    std::vector<Stopped> stopped_;
    std::string measured_;  // the deed whose pulse is not heard yet
    std::map<std::string, std::vector<double>> pauses_s_;
    std::map<std::string, int> deeds_;
    std::vector<std::string> diary_;
    Deadline began_ = Clock::now();
};

}  // namespace chatd::test
