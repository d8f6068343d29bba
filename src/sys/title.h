// The names that ps and pstree show of a process. The long title replaces the command line: the
// kernel reads that from the memory of the arguments, and on into the environment behind them
// (fs/proc/base.c, get_mm_cmdline).
#pragma once

#include <unistd.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

class ProcessTitle {
  public:
    // Takes over the memory of argv and environ; both stay usable, as copies. Where that memory is
    // too small, as after `env -i ./chatd`, the program starts itself anew with more. Call this
    // once, before anything else. Throws SetupError when there is no argv[0].
    ProcessTitle(int argc, char** argv);
    ~ProcessTitle() { environ = nullptr; }  // afterwards there is no environment
    ProcessTitle(const ProcessTitle&) = delete;
    ProcessTitle& operator=(const ProcessTitle&) = delete;

    // The copies of the arguments. They live as long as this object.
    [[nodiscard]] std::span<char*> arguments() { return arguments_.list(); }

    // Sets what `ps -aux` shows. A title without room is cut, behind a whole character.
    void set(std::string_view title);

    // Sets what `pstree` and `top` show. A name over 15 bytes is cut, behind a whole character.
    static void set_short(std::string_view name);

  private:
    // Copies of the strings of a list that ends with a null pointer.
    class Strings {
      public:
        explicit Strings(char** list);
        [[nodiscard]] std::span<char*> list() { return std::span(pointers_).first(texts_.size()); }

      private:
        std::vector<std::string> texts_;
        std::vector<char*> pointers_;
    };

    Strings arguments_;
    Strings environment_;
    std::span<char> area_;
    std::string shown_;
};

}  // namespace chatd
