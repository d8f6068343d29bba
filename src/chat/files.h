// The two files of the client: what was typed before, and the log of what was shown. Trouble with
// them must never keep anybody from chatting.
#pragma once

#include <string>
#include <string_view>

#include "chat/input_history.h"
#include "sys/fd.h"

namespace chatd {

// Where the lines are kept that were typed before: chat/history below $XDG_CONFIG_HOME, or below
// ~/.config. A null pointer stands for a variable that is not set. Empty: nowhere.
[[nodiscard]] std::string input_history_path(const char* config_home, const char* home);

// What the file holds; no lines when it cannot be read.
[[nodiscard]] InputHistory load_input_history(const std::string& path);

// Adds what was typed since the history was loaded to the file, which others may have written
// since. The file is for its owner alone, and is replaced in one step: whoever reads it sees the
// old one or the new one whole. Private lines (see LineKind) are left out. Directories that lack
// are made.
void save_input_history(const std::string& path, const InputHistory& history);

// Text is appended to a file, which is made if it lacks.
class LogFile {
  public:
    explicit LogFile(const std::string& path);  // throws SetupError; an empty path: no file
    // Empty, or why the write failed, as on a full disk: then nothing more is written, and nothing
    // more is told.
    [[nodiscard]] std::string append(std::string_view text);

  private:
    UniqueFd fd_;
};

}  // namespace chatd
