// What ps and pstree show. The long title replaces the command line: the kernel reads it from where
// the arguments were, and on into the environment behind them (fs/proc/base.c, get_mm_cmdline).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

class ProcessTitle {
  public:
    // Takes over the memory of argv and environ; both are copied first, so that they stay usable.
    // Where there is too little of it, as after `env -i ./chatd`, the program starts itself anew
    // with more. Call it first of all, and once.
    ProcessTitle(int argc, char** argv);
    ~ProcessTitle();  // there is no environment after this

    ProcessTitle(const ProcessTitle&) = delete;
    ProcessTitle& operator=(const ProcessTitle&) = delete;

    // The arguments, where they are now. They live as long as this.
    [[nodiscard]] std::span<char*> arguments() { return arguments_.list(); }

    // For `ps -aux`. Cut at a whole character where there is no room for all of it.
    void set(std::string_view title);

    // For `pstree` and `top`: 15 bytes, cut at a whole character.
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
