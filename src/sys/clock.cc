#include "sys/clock.h"

#include <climits>
#include <cstdlib>
#include <string_view>

namespace chatd {
namespace {

constexpr const char* kLocalTime = "/etc/localtime";

// Is this a rule, such as "CET-1CEST", or UTC itself? Then there need not be a file.
bool is_rule(std::string_view zone) {
    const bool is_path = zone.find('/') != std::string_view::npos;
    return zone.empty() || zone == "UTC" ||
           (!is_path && zone.find_first_of("0123456789<") != std::string_view::npos);
}

}  // namespace

std::string missing_time_zone() {
    const char* const variable = std::getenv("TZ");
    if (variable == nullptr) {
        // Without that file local time is meant to be UTC; a link that leads nowhere means more.
        char target[PATH_MAX];
        const bool is_link = ::readlink(kLocalTime, target, sizeof target) > 0;
        return is_link && ::access(kLocalTime, R_OK) != 0 ? kLocalTime : "";
    }
    std::string zone = variable;
    if (zone.starts_with(':')) zone.erase(0, 1);
    if (is_rule(zone)) return "";
    const char* const directory = std::getenv("TZDIR");
    const std::string base = directory == nullptr ? "/usr/share/zoneinfo" : directory;
    const std::string path = zone.starts_with('/') ? zone : base + '/' + zone;
    return ::access(path.c_str(), R_OK) == 0 ? "" : path;
}

}  // namespace chatd
