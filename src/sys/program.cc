#include "sys/program.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>

namespace chatd {
namespace {

UniqueFd open_directory(const std::string& directory) {
    return UniqueFd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

std::string_view last_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

}  // namespace

UniqueFd directory_of_program(const char* argv0) {
    const std::string path(argv0);
    const std::size_t slash = path.rfind('/');
    if (slash != std::string::npos) return open_directory(path.substr(0, slash + 1));
    const char* const variable = std::getenv("PATH");
    std::string_view rest = variable == nullptr ? "" : variable;
    while (!rest.empty()) {
        const std::string_view found = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(rest.size(), found.size() + 1));
        const std::string directory = found.empty() ? "." : std::string(found);
        if (::access((directory + '/' + path).c_str(), X_OK) == 0) return open_directory(directory);
    }
    return UniqueFd();
}

void execute_program(char** argv, int directory) {
    (void)::execvp(argv[0], argv);
    if (errno != EACCES || directory < 0) return;
    const std::string name(last_name(argv[0]));
    (void)::execveat(directory, name.c_str(), argv, environ, 0);
}

}  // namespace chatd
