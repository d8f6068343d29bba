#include "parent/budgets.h"

#include <unistd.h>

#include <string_view>

#include "sys/memory.h"

namespace chatd {

namespace {

// A program before 0.4 has made its files for `spent` alone. The rest of their page is there too.
struct Memory {
    SharedBudget::Spent spent;
    BrowserSign::SpokenAt browser_spoke_at;
};

}  // namespace

bool Budgets::open(const std::string& address, Moment spent) {
    if (files_.contains(std::string_view(address))) return true;
    UniqueFd file = try_shared_memory("chatd-budget", sizeof(Memory));
    const std::int64_t spent_ns = spent.time_since_epoch().count();
    if (!file.valid() || ::pwrite(file.get(), &spent_ns, sizeof spent_ns, 0) < 0) return false;
    files_.emplace(address, std::move(file));
    return true;
}

Moment Budgets::close(const std::string& address, Moment now) {
    const auto file = files_.find(std::string_view(address));
    if (file == files_.end()) return {};
    std::int64_t spent_ns = 0;
    const bool is_read = ::pread(file->second.get(), &spent_ns, sizeof spent_ns, 0) > 0;
    files_.erase(file);
    return is_read ? std::min(Moment(Duration(spent_ns)), now + kSharedWaitMax) : Moment();
}

int Budgets::file(const std::string& address) const {
    const auto file = files_.find(std::string_view(address));
    return file == files_.end() ? -1 : file->second.get();
}

AddressShare Budgets::map(int file, bool is_limited) const {
    if (file < 0) return {};
    auto* const memory = static_cast<Memory*>(map_for_ever(file));
    const bool has_limit = is_limited && rate_.per_second != 0;
    return {has_limit ? SharedBudget(&memory->spent, rate_) : SharedBudget(),
            BrowserSign(&memory->browser_spoke_at)};
}

}  // namespace chatd
