#include "sys/title.h"

#include <sys/prctl.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "sys/error.h"
#include "text/utf8.h"

namespace chatd {
namespace {

// This is enough for a worker's title with the longest name and address.
constexpr std::size_t kAreaBytesMin = 256;
constexpr const char* kPadding = "CHATD_TITLE_ROOM";

// Returns the end of the strings of `list` that lie contiguously from `end` on.
char* contiguous_end(char** list, char* end) {
    for (; *list != nullptr && *list == end; ++list) end += std::strlen(*list) + 1;
    return end;
}

void start_anew_with_padding(char** argv) {
    if (std::getenv(kPadding) != nullptr) return;  // It did not help: titles stay short.
    const std::string padding(kAreaBytesMin, '-');
    if (::setenv(kPadding, padding.c_str(), 1) != 0) return;
    (void)::execv("/proc/self/exe", argv);
    (void)::unsetenv(kPadding);
}

// The memory where the strings of argv and environ lie in a row (proc(5), /proc/pid/cmdline).
std::span<char> area_of(char** argv) {
    char* const end = contiguous_end(environ, contiguous_end(argv, argv[0]));
    return {argv[0], end};
}

}  // namespace

ProcessTitle::Strings::Strings(char** list) {
    for (; *list != nullptr; ++list) texts_.emplace_back(*list);
    for (std::string& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
}

ProcessTitle::ProcessTitle(int argc, char** argv) : arguments_(argv), environment_(environ) {
    if (argc < 1) throw SetupError(ExitStatus::Usage, "no program name");
    area_ = area_of(argv);
    if (area_.size() < kAreaBytesMin) start_anew_with_padding(argv);
    set_short("chatd");  // Instead of "exe", or of the number of a descriptor after an upgrade.
    environ = environment_.list().data();
    (void)::unsetenv(kPadding);
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
