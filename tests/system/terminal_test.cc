// A server that was started in the shell of a terminal, and what becomes of it when the terminal is
// closed.
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <cstdlib>
#include <string>

#include "support/daemon.h"
#include "support/expect.h"
#include "support/fd.h"
#include "support/reader.h"
#include "support/spawn.h"
#include "support/terminal.h"
#include "support/wait.h"

using namespace chatd::test;

TestSuite(terminal, .timeout = 60);

namespace {

// The journal of a server that a shell starts: the test is nobody's parent then.
class Journal {
  public:
    Journal() : reader_(make(path()), "journal") {}

    // Types this to the shell, with a command line that starts the server for "CHATD". Returns when
    // clients can come.
    void start_server(Terminal& shell, std::string typed) {
        const std::string command = std::string(std::getenv("CHATD")) +
                                    " -b 127.0.0.1 -p 0 --run-dir " + scratch_.path() + "/run 2>" +
                                    path();
        shell.type(typed.replace(typed.find("CHATD"), 5, command));
        reader_.expect("chatd[parent ");
        pid_ = std::stoi(reader_.expect("]"));
        reader_.expect("accepting clients on ");
    }

    void expect(const std::string& text) { reader_.expect(text); }
    [[nodiscard]] pid_t pid() const { return pid_; }

    void expect_nothing_left() {
        EXPECT_TRUE(reap_strays(soon()).empty());
        EXPECT_LACKS(reader_.pending(), "upgrade");
    }

  private:
    [[nodiscard]] std::string path() const { return scratch_.path() + "/journal"; }

    // Read and write: so that there is no end while nobody writes.
    static Fd make(const std::string& path) {
        Fd fifo;
        if (::mkfifo(path.c_str(), 0600) == 0) fifo = Fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
        if (!fifo.open()) throw system_error("mkfifo");
        return fifo;
    }

    Scratch scratch_;
    Reader reader_;
    pid_t pid_ = -1;
};

Terminal shell() {
    return Terminal({"bash", "--norc", "--noprofile", "-i"});
}

}  // namespace

Test(terminal, a_disowned_server_outlives_its_shell_and_upgrades) {
    Journal journal;
    Terminal bash = shell();
    journal.start_server(bash, "CHATD & disown; exit\n");
    EXPECT_EQ(bash.wait(), 0);
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(kill(journal.pid(), SIGHUP), 0);
        journal.expect("upgraded to ");
    }
    EXPECT_EQ(kill(journal.pid(), SIGTERM), 0);
    journal.expect("closing");
    journal.expect_nothing_left();
}

Test(terminal, a_disowned_server_outlives_its_terminal_and_upgrades) {
    Journal journal;
    Terminal bash = shell();
    journal.start_server(bash, "CHATD & disown\n");
    bash.close();
    (void)bash.wait();
    EXPECT_EQ(kill(journal.pid(), SIGHUP), 0);
    journal.expect("upgraded to ");
    EXPECT_EQ(kill(journal.pid(), SIGTERM), 0);
    journal.expect("closing");
    journal.expect_nothing_left();
}

Test(terminal, a_server_that_was_not_disowned_ends_with_its_terminal) {
    for (const char* typed : {"CHATD\n", "CHATD &\n", "bash --norc -i\nCHATD\n"}) {
        Journal journal;
        Terminal bash = shell();
        journal.start_server(bash, typed);
        bash.close();
        journal.expect("closing");
        (void)bash.wait();
        journal.expect_nothing_left();
    }
}

Test(terminal, a_shell_that_is_there_may_ask_for_an_upgrade) {
    Journal journal;
    Terminal bash = shell();
    journal.start_server(bash, "CHATD &\n");
    bash.type("kill -HUP %1\n");
    journal.expect("upgraded to ");
    bash.type("kill %1; wait; exit\n");
    journal.expect("closing");
    (void)bash.wait();
    journal.expect_nothing_left();
}
