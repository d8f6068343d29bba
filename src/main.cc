// chatd: a chat room on a TCP port, one process per client. README.md, "Map of the files", lists
// the files, and "How a line travels" tells their story.

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <new>

#include "base/settings.h"
#include "options.h"
#include "parent/parent.h"
#include "parent/upgrade.h"
#include "sys/error.h"
#include "sys/sandbox.h"
#include "sys/trace_file.h"
#include "worker/worker.h"

namespace chatd {
namespace {

int print(std::FILE* stream, const std::string& text, ExitStatus status) {
    const bool printed = std::fputs(text.c_str(), stream) >= 0 && std::fflush(stream) == 0;
    return static_cast<int>(printed ? status : ExitStatus::System);
}

bool is_writable(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

int serve(const Options& options, ProcessTitle& title, const StartMode& start_mode) {
    let_go_of_stdin_and_stdout();
    if (start_mode.kind == StartMode::Kind::Check) {
        check_handover(start_mode.handover);
        (void)open_trace_file(options.trace.value_or(""));
        try_children(options.sandbox, options.niceness);
        return static_cast<int>(ExitStatus::Understood);
    }
    const bool fresh = start_mode.kind == StartMode::Kind::Fresh;
    // Checked first, because later a descriptor of chatd itself could have that number.
    if (fresh && options.ready_fd >= 0 && !is_writable(options.ready_fd)) {
        throw SetupError(ExitStatus::Usage, "--ready-fd " + std::to_string(options.ready_fd) +
                                                " is not open for writing");
    }
    // Whatever is made must be of use to this user: a mask may keep out others only.
    (void)::umask(::umask(077) & 077);
    const Signals signals({SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1, kServerCloses, SIGALRM});
    ::tzset();  // Workers show local time, and may not open the file of the time zone.
    run_parent(options, title, signals, start_mode);
    return static_cast<int>(ExitStatus::Ok);
}

int run(int argc, char** argv) {
    open_standard_streams();
    unblock_stderr();
    ProcessTitle title(argc, argv);
    const Language language = language_of_environment(
        std::getenv("LC_ALL"), std::getenv("LC_MESSAGES"), std::getenv("LANG"));
    const ParsedOptions parsed = parse_options(title.arguments(), language);
    if (std::holds_alternative<HelpWanted>(parsed))
        return print(stdout, help_text(), ExitStatus::Ok);
    if (std::holds_alternative<VersionWanted>(parsed)) {
        return print(stdout, std::string("chatd ") + kVersion + '\n', ExitStatus::Ok);
    }
    if (const auto* const bad = std::get_if<BadUsage>(&parsed)) {
        return print(stderr, "chatd: " + bad->line + "; see chatd --help\n", ExitStatus::Usage);
    }
    return serve(std::get<Options>(parsed), title, read_start_mode(title));
}

}  // namespace
}  // namespace chatd

int main(int argc, char** argv) {
    try {
        return chatd::run(argc, argv);
    } catch (const chatd::SetupError& error) {
        (void)std::fprintf(stderr, "chatd: %s\n", error.what());
        return static_cast<int>(error.status());
    } catch (const std::bad_alloc&) {
        (void)std::fputs("chatd: no memory; see ulimit -d and ulimit -v\n", stderr);
        return static_cast<int>(chatd::ExitStatus::System);
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "chatd: %s\n", error.what());
        return static_cast<int>(chatd::ExitStatus::System);
    }
}
