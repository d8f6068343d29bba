#include "load/window.h"

#include <stdexcept>

namespace chatd::test {

Window::Window(std::size_t listeners, std::size_t lines_max) : places_(lines_max + 1) {
    if (listeners == 0) throw std::invalid_argument("nobody listens");
    if (lines_max == 0) throw std::invalid_argument("nobody may speak");
    places_[0] = listeners;
}

std::size_t Window::room() const {
    return places_.size() - 1 - static_cast<std::size_t>(said_ - slowest_);
}

void Window::say(std::size_t lines) {
    if (lines > room()) throw std::logic_error("more lines than the window has room for");
    said_ += lines;
}

void Window::hear(std::uint64_t before, std::uint64_t lines) {
    if (lines > said_ - before) throw std::runtime_error("a line was heard that nobody said");
    --listeners_at(before);
    ++listeners_at(before + lines);
    while (listeners_at(slowest_) == 0) ++slowest_;
}

std::size_t& Window::listeners_at(std::uint64_t heard) {
    return places_[static_cast<std::size_t>(heard % places_.size())];
}

}  // namespace chatd::test
