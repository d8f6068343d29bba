// The homework as a textbook would do it: a chat room, one process per client, in 60 lines.
// scripts/lab builds it before the reader's eyes, and shows its five faults.
#include <arpa/inet.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

static std::string names;  // who is here

static void serve(int client, int room) {
    char bytes[1024];
    ssize_t count = read(client, bytes, sizeof bytes);
    if (count <= 1) return;
    const std::string name(bytes, static_cast<std::size_t>(count) - 1);
    names += name + ' ';  // fault: these are the names of this child alone
    std::string line = name + " entered; names: " + names + '\n';
    while (write(room, line.data(), line.size()) > 0) {
        count = read(client, bytes, sizeof bytes);
        if (count <= 0) break;
        // Fault: one read is not one line. It may be half a line, or three.
        line = name + " says: " + std::string(bytes, static_cast<std::size_t>(count));
        if (line.back() != '\n') line += '\n';
    }
    line = name + " left\n";
    (void)!write(room, line.data(), line.size());
}

int main(int argc, char** argv) {
    int room[2];  // a pipe from the children to the parent
    sockaddr_in address{
        AF_INET, htons(argc > 1 ? std::atoi(argv[1]) : 0), {htonl(INADDR_LOOPBACK)}, {}};
    socklen_t size = sizeof address;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    const bool bound = bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0;
    if (!bound || pipe(room) != 0 || listen(listener, 5) != 0) return std::perror("bind"), 1;
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    std::printf("port %d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    std::vector<int> clients;
    for (pollfd ready[] = {{listener, POLLIN, 0}, {room[0], POLLIN, 0}}; poll(ready, 2, -1) > 0;) {
        if (ready[0].revents != 0) {
            clients.push_back(accept(listener, nullptr, nullptr));
            if (fork() == 0) {  // fault: nobody waits for it, or ends it
                serve(clients.back(), room[1]);
                return 0;
            }
        }
        if (ready[1].revents == 0) continue;
        char bytes[4096];
        const ssize_t count = read(room[0], bytes, sizeof bytes);
        for (const int client : clients) {  // fault: all wait for a slow one
            (void)!send(client, bytes, static_cast<std::size_t>(count), MSG_NOSIGNAL);
        }
    }
}
