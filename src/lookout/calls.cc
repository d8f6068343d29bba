#include "lookout/calls.h"

#include <sys/syscall.h>

namespace chatd {
namespace {

struct Call {
    int number;
    const char* name;
};

constexpr Call kCalls[] = {
#ifdef SYS_poll
    {SYS_poll, "poll"},
#endif
    {SYS_ppoll, "ppoll"},
    {SYS_epoll_pwait, "epoll_pwait"},
    {SYS_epoll_pwait2, "epoll_pwait2"},
    {SYS_restart_syscall, "restart_syscall"},
    {SYS_read, "read"},
    {SYS_write, "write"},
    {SYS_recvfrom, "recvfrom"},
    {SYS_sendto, "sendto"},
    {SYS_sendmsg, "sendmsg"},
    {SYS_connect, "connect"},
    {SYS_accept4, "accept4"},
    {SYS_futex, "futex"},
    {SYS_fdatasync, "fdatasync"},
    {SYS_waitid, "waitid"},
    {SYS_exit_group, "exit_group"},
};

}  // namespace

std::string call_name(int number) {
    for (const Call& call : kCalls) {
        if (call.number == number) return call.name;
    }
    return std::to_string(number);
}

}  // namespace chatd
