#include "parent/budgets.h"

#include <unistd.h>

#include <string_view>

#include "sys/memory.h"

namespace chatd {

bool Budgets::open(const std::string& address, Moment spent) {
    if (rate_.per_second == 0 || files_.contains(std::string_view(address))) return true;
    UniqueFd file = try_shared_memory("chatd-budget", sizeof(SharedBudget::Spent));
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

SharedBudget Budgets::map(int file) const {
    if (file < 0) return {};
    return {static_cast<SharedBudget::Spent*>(map_for_ever(file)), rate_};
}

}  // namespace chatd
