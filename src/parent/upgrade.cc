#include "parent/upgrade.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "base/bounds.h"
#include "base/fault.h"
#include "protocol/worker_exit.h"
#include "sys/error.h"
#include "text/number.h"

namespace chatd {
namespace {

constexpr const char* kVariable = "CHATD_HANDOVER";
constexpr std::string_view kCheck = "check:";
constexpr std::string_view kTakeOver = "take-over:";
constexpr std::string_view kTakeBack = "take-back:";

UniqueFd put_in_memory(const std::string& text) {
    UniqueFd fd = make_shared_memory("chatd-handover", text.size());
    const Mapping memory(fd.get());
    std::memcpy(memory.bytes().data(), text.data(), text.size());
    return fd;
}

Handover take_from_memory(int fd) {
    const Mapping memory(fd);
    const auto handover = read_handover(
        {reinterpret_cast<const char*>(memory.bytes().data()), memory.bytes().size()});
    if (handover) return *handover;
    throw SetupError(ExitStatus::System,
                     "this version does not understand what it is to take "
                     "over; stop the server and start it anew");
}

void set_variable(std::string_view kind, int handover) {
    const std::string value = std::string(kind) + std::to_string(handover);
    if (::setenv(kVariable, value.c_str(), 1) != 0) throw system_error("setenv");
}

// Replaces this program. Returns only on failure, with errno.
void execute_with(std::string_view kind, const UniqueFd& handover, const UniqueFd& program,
                  ProcessTitle& title) {
    set_inheritable(handover.get(), true);
    set_variable(kind, handover.get());
    execute_program(program.get(), title.arguments().data());
    const int error = errno;
    (void)::unsetenv(kVariable);
    errno = error;
}

// --- The way back. The handler of a signal uses all of this, so it is made beforehand.

constexpr int kTooLate = SIGVTALRM;  // comes when kTakeOverMax is over
constexpr int kSignalsBack[] = {SIGSEGV, SIGBUS,  SIGILL, SIGFPE,
                                SIGABRT, SIGTRAP, SIGSYS, kTooLate};

struct WayBack {
    UniqueFd program;
    UniqueFd text;         // of the handover
    std::vector<int> fds;  // of the handover
    char** argv;
    std::optional<timer_t> timer;
};
std::optional<WayBack> way_back;

// The handler's own stack: the program's may be what has overflowed.
std::array<char, 64 * 1024> spare_stack;

void use_spare_stack(int flags) {
    const stack_t stack{
        .ss_sp = spare_stack.data(), .ss_flags = flags, .ss_size = spare_stack.size()};
    (void)::sigaltstack(&stack, nullptr);
}

void handle_signals_back(void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    // The program before must not find the signal blocked.
    action.sa_flags = SA_NODEFER | SA_ONSTACK;
    sigset_t signals;
    (void)::sigemptyset(&signals);
    for (const int signal : kSignalsBack) {
        (void)::sigaction(signal, &action, nullptr);
        (void)::sigaddset(&signals, signal);
    }
    (void)::sigprocmask(SIG_UNBLOCK, &signals, nullptr);
}

// None when the system has no timer left (timer_create(2), EAGAIN): then nobody ends a program that
// hangs.
std::optional<timer_t> set_timer() {
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = kTooLate;
    timer_t timer{};
    if (::timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) return std::nullopt;
    itimerspec once{};
    once.it_value = timespec_of(kTakeOverMax);
    (void)::timer_settime(timer, 0, &once, nullptr);
    return timer;
}

void go_back_after(int signal) {
    go_back();
    (void)::signal(signal, SIG_DFL);
    (void)::raise(signal);
}

void open_way_back(UniqueFd text, const Handover& handover, char** argv) {
    if (handover.program_before.number < 0) return;
    set_variable(kTakeBack, text.get());
    way_back = {UniqueFd(handover.program_before.number), std::move(text), handover.fds(), argv,
                set_timer()};
    set_inheritable(way_back->program.get(), false);
    use_spare_stack(0);
    handle_signals_back(go_back_after);
    (void)std::atexit(go_back);  // exit(3) has room for 32 of them.
}

}  // namespace

void go_back() {
    if (!way_back) return;
    for (const int fd : way_back->fds) (void)::fcntl(fd, F_SETFD, 0);
    execute_program(way_back->program.get(), way_back->argv);
}

void close_way_back() {
    if (!way_back) return;
    if (way_back->timer) (void)::timer_delete(*way_back->timer);
    handle_signals_back(SIG_DFL);
    use_spare_stack(SS_DISABLE);
    (void)::unsetenv(kVariable);
    way_back.reset();
}

StartMode read_start_mode(ProcessTitle& title) {
    const char* const variable = std::getenv(kVariable);
    if (variable == nullptr) return {};
    const std::string value(variable);
    (void)::unsetenv(kVariable);
    const std::size_t kind_bytes = value.find(':') + 1;
    const std::string kind = value.substr(0, kind_bytes);
    const auto fd = parse_number<int>(value.substr(kind_bytes), STDERR_FILENO + 1);
    if (!fd || (kind != kCheck && kind != kTakeOver && kind != kTakeBack)) {
        throw SetupError(ExitStatus::Usage, std::string(kVariable) + " is not for you to set");
    }
    UniqueFd memory(*fd);
    StartMode mode{StartMode::Kind::Check, take_from_memory(memory.get())};
    if (kind == kTakeBack) {
        mode.kind = StartMode::Kind::TakeBack;
        (void)UniqueFd(mode.handover.program_before.number);  // that is this program
    } else if (kind == kTakeOver) {
        mode.kind = StartMode::Kind::TakeOver;
        open_way_back(std::move(memory), mode.handover, title.arguments().data());
    }
    return mode;
}

void Upgrade::begin() {
    again_ = is_trying();
    if (!again_) attempt([this] { start_trial(); });
}

void Upgrade::attempt(const std::function<void()>& step) {
    try {
        step();
    } catch (const SetupError& error) {
        journal_.error("no upgrade: %s", error.what());
    }
}

void Upgrade::start_trial() {
    const UniqueFd handover = put_in_memory(write_handover(describe_resources(resources_)));
    program_ = open_program(title_.arguments()[0], resources_.program_directory.get());
    trial_ = fork_child("trial", [&]() -> int {
        keep_only({handover.get(), program_.get()});
        execute_with(kCheck, handover, program_, title_);
        throw system_error(std::string("cannot execute ") + title_.arguments()[0]);
    });
    if (trial_ < 0) {
        journal_.error("no upgrade: fork: %s", std::strerror(errno));
        return;
    }
    journal_.info("upgrade asked for: trying %s, pid %d", title_.arguments()[0], trial_);
    trial_until_ = Clock::now() + kUpgradeCheck;
}

bool Upgrade::handle_exit(const Reaped& reaped, const Prepare& prepare) {
    if (reaped.pid != trial_) return false;
    trial_ = -1;
    if (std::exchange(trial_until_, std::nullopt)) judge(reaped.wait_status, prepare);
    if (again_) begin();
    return true;
}

void Upgrade::judge(int wait_status, const Prepare& prepare) {
    if (WIFEXITED(wait_status) &&
        WEXITSTATUS(wait_status) == static_cast<int>(ExitStatus::Understood)) {
        return attempt([&] { execute(prepare); });
    }
    journal_.error("no upgrade: %s cannot take over, it ended with %s", title_.arguments()[0],
                   describe_wait_status(wait_status).c_str());
}

// The next program would take the process that repairs the history for the broker, and replace it.
void Upgrade::execute(const Prepare& prepare) {
    if (resources_.is_repairing) {
        return journal_.error("no upgrade: the history is being repaired; try again after that");
    }
    prepare();
    const UniqueFd own_program = open_own_program();
    Handover handover = describe_resources(resources_);
    handover.program_before = {own_program.get()};
    const UniqueFd text = put_in_memory(write_handover(handover));
    fault_point("parent:before-exec");
    for (const int fd : handover.fds()) set_inheritable(fd, true);
    journal_.report_left_out();  // The next program counts from 0.
    // The next program starts a lookout of its own; an older one knows of none. If this program
    // goes on, another lookout follows.
    if (resources_.lookout > 0) (void)::kill(resources_.lookout, SIGKILL);
    execute_with(kTakeOver, text, program_, title_);
    journal_.error("no upgrade: %s: %s", title_.arguments()[0], std::strerror(errno));
    for (const int fd : handover.fds()) set_inheritable(fd, false);
}

void Upgrade::turn() {
    if (!is_due(trial_until_, Clock::now())) return;
    journal_.error("no upgrade: %s takes too long on trial", title_.arguments()[0]);
    end_trial();
}

void Upgrade::cancel() {
    again_ = false;
    end_trial();
}

void Upgrade::end_trial() {
    trial_until_.reset();
    if (trial_ > 0) (void)::kill(trial_, SIGKILL);
}

}  // namespace chatd
