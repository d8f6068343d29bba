// chatd: a chat room on a TCP port, one process per client.
//
// The tree, in the order data flows:
//
//   core/telnet, line       bytes of a client  -> lines
//   core/door               who knocks
//   core/text, utf8, unicode, name             what may stand in a line and in a name
//   core/pace               how fast a client may go
//   core/sources            where clients come from, and who has to wait
//   core/rush               how many come at once, and who is turned away
//   core/command            a line             -> what it asks for
//   core/conversation       lines and frames   -> frames and screen text: all a worker decides
//   core/frame              what worker, broker and parent say to each other
//   core/room               frames             -> log entries: who is a member, what a request does
//   core/log                entries            -> positions, and pieces to send from there
//   core/salvage            a damaged log      -> what is whole in it
//   core/screen, texts, language               entries -> what a person reads
//   core/flood              lines of the journal that come too often
//   core/options            the command line
//   core/user, sandbox_mode whom to become, and how much of a sandbox there is
//   core/counters, metrics  what is counted    -> text for those who watch the server
//   core/service            what a service manager says and is told
//   core/handover           what one program leaves to the next in the same process
//
//   shell/parent            accepts, forks, reaps, shuts down
//   shell/estate            what the parent owns
//   shell/keeper            keeps a broker running
//   shell/upgrade           puts another program in the parent's place
//   shell/broker, links, link   the room's process, and how it has each worker
//   shell/worker            one client's process
//
//   sys/…                   what the shells need of Linux: descriptors, sockets, processes, signals
//
// The core has no descriptors, no clock and no system calls; the shells hold no decisions that it
// could make. bounds.h has every bound.

#include <fcntl.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <string>
#include <variant>

#include "core/options.h"
#include "exit_status.h"
#include "shell/parent.h"
#include "shell/upgrade.h"
#include "shell/worker.h"
#include "sys/error.h"
#include "sys/fd.h"
#include "sys/sandbox.h"
#include "sys/signals.h"
#include "sys/title.h"
#include "version.h"

namespace chatd {
namespace {

int say(std::FILE* stream, const char* text, ExitStatus status) {
    const bool said = std::fputs(text, stream) >= 0 && std::fflush(stream) == 0;
    return static_cast<int>(said ? status : ExitStatus::System);
}

int serve(const Options& options, ProcessTitle& title, const Summons& summons) {
    if (summons.kind == Summons::Kind::Check) {
        check_handover(summons.handover);
        try_sandbox(options.sandbox);
        return static_cast<int>(ExitStatus::Understood);
    }
    const bool fresh = summons.kind == Summons::Kind::Fresh;
    // Before anything of ours could have that number.
    if (fresh && options.ready_fd >= 0 && ::fcntl(options.ready_fd, F_GETFD) < 0) {
        throw system_error("--ready-fd " + std::to_string(options.ready_fd), ExitStatus::Usage);
    }
    const Signals signals({SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1, kServerCloses, SIGALRM});
    ::tzset();  // Workers show local time and open no file.
    run_parent(options, title, signals, fresh ? nullptr : &summons.handover);
    return static_cast<int>(ExitStatus::Ok);
}

int run(int argc, char** argv) {
    open_standard_streams();
    unblock_stderr();
    ProcessTitle title(argc, argv);
    const Language language = language_of_environment(
        std::getenv("LC_ALL"), std::getenv("LC_MESSAGES"), std::getenv("LANG"));
    const ParsedOptions parsed = parse_options(title.arguments(), language);
    if (std::holds_alternative<HelpWanted>(parsed)) return say(stdout, kHelp, ExitStatus::Ok);
    if (std::holds_alternative<VersionWanted>(parsed)) {
        return say(stdout, (std::string("chatd ") + kVersion + '\n').c_str(), ExitStatus::Ok);
    }
    if (const auto* const bad = std::get_if<BadUsage>(&parsed)) {
        return say(stderr, ("chatd: " + bad->line + "; see chatd --help\n").c_str(),
                   ExitStatus::Usage);
    }
    return serve(std::get<Options>(parsed), title, read_summons());
}

}  // namespace
}  // namespace chatd

int main(int argc, char** argv) {
    try {
        return chatd::run(argc, argv);
    } catch (const chatd::SetupError& error) {
        (void)std::fprintf(stderr, "chatd: %s\n", error.what());
        return static_cast<int>(error.status());
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "chatd: %s\n", error.what());
        return static_cast<int>(chatd::ExitStatus::System);
    }
}
