#include "parent/upgrade.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

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

// Replaces this program. Returns only on failure, with errno.
void execute_with(std::string_view kind, const UniqueFd& handover, ProcessTitle& title,
                  int program_directory) {
    set_inheritable(handover.get(), true);
    const std::string value = std::string(kind) + std::to_string(handover.get());
    if (::setenv(kVariable, value.c_str(), 1) != 0) throw system_error("setenv");
    execute_program(title.arguments().data(), program_directory);
    const int error = errno;
    (void)::unsetenv(kVariable);
    errno = error;
}

}  // namespace

StartMode read_start_mode() {
    const char* const variable = std::getenv(kVariable);
    if (variable == nullptr) return {};
    const std::string value(variable);
    (void)::unsetenv(kVariable);
    const std::size_t kind_bytes = value.find(':') + 1;
    const std::string kind = value.substr(0, kind_bytes);
    const auto fd = parse_number<int>(value.substr(kind_bytes), STDERR_FILENO + 1);
    if (!fd || (kind != kCheck && kind != kTakeOver)) {
        throw SetupError(ExitStatus::Usage, std::string(kVariable) + " is not for you to set");
    }
    const UniqueFd memory(*fd);
    return {kind == kCheck ? StartMode::Kind::Check : StartMode::Kind::TakeOver,
            take_from_memory(memory.get())};
}

void Upgrade::begin() {
    again_ = is_trying();
    if (!again_) attempt(&Upgrade::start_trial);
}

void Upgrade::attempt(void (Upgrade::*step)()) {
    try {
        (this->*step)();
    } catch (const SetupError& error) {
        journal_.error("no upgrade: %s", error.what());
    }
}

void Upgrade::start_trial() {
    const UniqueFd handover = put_in_memory(write_handover(describe_resources(resources_)));
    trial_ = fork_child([&]() -> int {
        keep_only({handover.get(), resources_.program_directory.get()});
        execute_with(kCheck, handover, title_, resources_.program_directory.get());
        throw system_error(std::string("cannot execute ") + title_.arguments()[0]);
    });
    if (trial_ < 0) {
        journal_.error("no upgrade: fork: %s", std::strerror(errno));
        return;
    }
    journal_.info("upgrade asked for: trying %s, pid %d", title_.arguments()[0], trial_);
    trial_until_ = Clock::now() + kUpgradeCheck;
}

bool Upgrade::handle_exit(const Reaped& reaped) {
    if (reaped.pid != trial_) return false;
    trial_ = -1;
    if (std::exchange(trial_until_, std::nullopt)) judge(reaped.wait_status);
    if (again_) begin();
    return true;
}

void Upgrade::judge(int wait_status) {
    if (WIFEXITED(wait_status) &&
        WEXITSTATUS(wait_status) == static_cast<int>(ExitStatus::Understood)) {
        return attempt(&Upgrade::execute);
    }
    journal_.error("no upgrade: %s cannot take over, it ended with %s", title_.arguments()[0],
                   describe_wait_status(wait_status).c_str());
}

void Upgrade::execute() {
    const Handover handover = describe_resources(resources_);
    const UniqueFd text = put_in_memory(write_handover(handover));
    fault_point("parent:before-exec");
    for (const int fd : handover.fds()) set_inheritable(fd, true);
    journal_.report_left_out();  // The next program counts from 0.
    execute_with(kTakeOver, text, title_, resources_.program_directory.get());
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
