#include "sys/title.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "core/utf8.h"
#include "sys/error.h"

namespace chatd {
namespace {

// A worker's title with the longest name and address fits.
constexpr std::size_t kAreaBytesMin = 256;
constexpr const char* kPadding = "CHATD_TITLE_ROOM";

// How far the strings of `list` lie one behind the other from `end` on.
char* contiguous_end(char** list, char* end) {
    for (; *list != nullptr && *list == end; ++list) end += std::strlen(*list) + 1;
    return end;
}

// The copies live for ever: getenv(3) and getopt(3) hand out pointers into them.
char** copy_strings(char** list) {
    std::size_t count = 0;
    while (list[count] != nullptr) ++count;
    char** const copies = new char*[count + 1];
    for (std::size_t i = 0; i < count; ++i) {
        copies[i] = ::strdup(list[i]);
        if (copies[i] == nullptr) throw system_error("strdup");
    }
    copies[count] = nullptr;
    return copies;
}

void start_anew_with_padding(char** argv) {
    if (std::getenv(kPadding) != nullptr) return;  // It did not help: live with short titles.
    const std::string padding(kAreaBytesMin, '-');
    if (::setenv(kPadding, padding.c_str(), 1) != 0) return;
    (void)::execv("/proc/self/exe", argv);
    (void)::unsetenv(kPadding);
}

}  // namespace

ProcessTitle::ProcessTitle(int argc, char** argv) {
    if (argc < 1) throw SetupError(ExitStatus::Usage, "no program name");
    char* const begin = argv[0];
    char* const arguments_end = contiguous_end(argv, begin);
    char* const end = contiguous_end(environ, arguments_end);
    if (static_cast<std::size_t>(end - begin) < kAreaBytesMin) start_anew_with_padding(argv);
    arguments_ = {copy_strings(argv), static_cast<std::size_t>(argc)};
    environ = copy_strings(environ);
    (void)::unsetenv(kPadding);
    area_ = {begin, end};
}

void ProcessTitle::set(std::string_view title) {
    if (title == shown_) return;
    shown_ = cut_utf8(title, area_.size() - 1);
    std::fill(area_.begin(), area_.end(), '\0');
    std::copy(shown_.begin(), shown_.end(), area_.begin());
}

void ProcessTitle::set_short(std::string_view name) {
    constexpr std::size_t kShortBytesMax = 15;  // TASK_COMM_LEN - 1
    (void)::prctl(PR_SET_NAME, std::string(cut_utf8(name, kShortBytesMax)).c_str());
}

}  // namespace chatd
