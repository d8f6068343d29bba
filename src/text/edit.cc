#include "text/edit.h"

#include "text/clean.h"

namespace chatd {
namespace {

// Keys as terminals send them: Backspace in two ways, Ctrl-U, Ctrl-W.
constexpr std::string_view kEditKeys = "\b\x7F\x15\x17";
constexpr char kKill = '\x15';
constexpr char kWordErase = '\x17';

// Does to the end of `line`, which is clean, what the key does.
void erase(std::string& line, char key) {
    if (key == kKill) return line.clear();
    if (key == kWordErase) {
        line.resize(line.find_last_not_of(' ') + 1);  // npos + 1 is 0
        return line.resize(line.find_last_of(' ') + 1);
    }
    std::size_t at = line.size();
    while (at > 0 && (line[--at] & 0xC0) == 0x80) continue;
    line.resize(at);
}

}  // namespace

// Each piece between two keys is cleaned before it is edited, because a key erases none of the
// bytes of an escape sequence: no person sees them.
std::string edited(std::string_view line) {
    std::size_t key = line.find_first_of(kEditKeys);
    if (key == line.npos) return std::string(line);
    std::string result;
    while (key != line.npos) {
        result += clean_text(line.substr(0, key));
        erase(result, line[key]);
        line.remove_prefix(key + 1);
        key = line.find_first_of(kEditKeys);
    }
    return result + clean_text(line);
}

}  // namespace chatd
