// Tests compare values with these macros. EXPECT_* reports a failure and goes on; ASSERT_* ends the
// test by an exception, so that destructors run (cr_assert would skip them and leave processes
// behind).
//
// Strings are compared as bytes and printed escaped, integers are compared as numbers whatever
// their signs and widths.
#pragma once

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <concepts>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "support/escape.h"
#include "support/where.h"

namespace chatd::test {

// A copy of a value: Criterion's eq() takes no const lvalues.
template <class T>
[[nodiscard]] T val(const T& value) {
    return value;
}

template <class T>
concept Text = std::convertible_to<const T&, std::string_view>;

// std::cmp_equal refuses bool and characters.
template <class T>
concept Number = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
                 !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
                 !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

struct Equal {
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
        if constexpr (Text<A> && Text<B>) {
            return std::string_view(a) == std::string_view(b);
        } else if constexpr (Number<A> && Number<B>) {
            return std::cmp_equal(a, b);
        } else {
            return a == b;
        }
    }
};

struct Less {
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
        if constexpr (Text<A> && Text<B>) {
            return std::string_view(a) < std::string_view(b);
        } else if constexpr (Number<A> && Number<B>) {
            return std::cmp_less(a, b);
        } else {
            return a < b;
        }
    }
};

template <class T>
[[nodiscard]] std::string shown(const T& value);

template <class T>
[[nodiscard]] std::string shown_range(const T& values) {
    std::string out = "{";
    const char* separator = "";
    for (const auto& value : values) {
        out += separator + shown(value);
        separator = ", ";
    }
    return out + "}";
}

template <class T>
concept IsOptional = requires(const T& value) {
    value.has_value(), *value;
};
template <class T>
concept IsPair = requires(const T& value) {
    value.first, value.second;
};

// A value as a text that people can read; "(value)" for a type that is not known here.
template <class T>
[[nodiscard]] std::string shown(const T& value) {
    if constexpr (Text<T>) {
        return escaped(value);
    } else if constexpr (std::same_as<T, bool>) {
        return value ? "true" : "false";
    } else if constexpr (std::same_as<T, char>) {
        return escaped({&value, 1});
    } else if constexpr (std::same_as<T, std::nullopt_t>) {
        return "nothing";
    } else if constexpr (std::is_enum_v<T>) {
        return "enumerator " + std::to_string(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::is_arithmetic_v<T>) {
        return std::to_string(value);
    } else if constexpr (IsOptional<T>) {
        return value.has_value() ? shown(*value) : "nothing";
    } else if constexpr (IsPair<T>) {
        return "(" + shown(value.first) + ", " + shown(value.second) + ")";
    } else if constexpr (std::ranges::range<const T>) {
        return shown_range(value);
    } else {
        return "(value)";
    }
}

// Returns "" when `holds(a, b)` is as wanted; otherwise the message of the failed test.
template <class Relation, class A, class B>
[[nodiscard]] std::string complaint(const char* expression, Relation holds, bool wanted, const A& a,
                                    const B& b) {
    if (holds(a, b) == wanted) return {};
    return std::string(expression) + "\n      left:  " + shown(a) + "\n      right: " + shown(b) +
           Caller::all();
}

struct Contains {
    bool operator()(std::string_view whole, std::string_view part) const {
        return whole.find(part) != std::string_view::npos;
    }
};

inline void throw_if(const std::string& complaint, const char* file, int line) {
    if (complaint.empty()) return;
    throw std::runtime_error(std::string(file) + ":" + std::to_string(line) + ": " + complaint);
}

}  // namespace chatd::test

#define CHATD_COMPLAINT(text, relation, wanted, a, b) \
    ::chatd::test::complaint(text, ::chatd::test::relation{}, wanted, (a), (b))

#define CHATD_EXPECT(...)                                                              \
    do {                                                                               \
        const std::string chatd_complaint = CHATD_COMPLAINT(__VA_ARGS__);              \
        if (!chatd_complaint.empty()) cr_expect(false, "%s", chatd_complaint.c_str()); \
    } while (false)

#define CHATD_ASSERT(...) ::chatd::test::throw_if(CHATD_COMPLAINT(__VA_ARGS__), __FILE__, __LINE__)

#define EXPECT_EQ(a, b) CHATD_EXPECT(#a " == " #b, Equal, true, a, b)
#define EXPECT_NE(a, b) CHATD_EXPECT(#a " != " #b, Equal, false, a, b)
#define EXPECT_LT(a, b) CHATD_EXPECT(#a " < " #b, Less, true, a, b)
#define EXPECT_GE(a, b) CHATD_EXPECT(#a " >= " #b, Less, false, a, b)
#define EXPECT_GT(a, b) EXPECT_LT(b, a)
#define EXPECT_LE(a, b) EXPECT_GE(b, a)
#define EXPECT_TRUE(a) CHATD_EXPECT(#a, Equal, true, static_cast<bool>(a), true)
#define EXPECT_FALSE(a) CHATD_EXPECT("not " #a, Equal, true, static_cast<bool>(a), false)
#define EXPECT_CONTAINS(whole, part) \
    CHATD_EXPECT(#whole " contains " #part, Contains, true, whole, part)
#define EXPECT_LACKS(whole, part) CHATD_EXPECT(#whole " lacks " #part, Contains, false, whole, part)

#define ASSERT_EQ(a, b) CHATD_ASSERT(#a " == " #b, Equal, true, a, b)
#define ASSERT_NE(a, b) CHATD_ASSERT(#a " != " #b, Equal, false, a, b)
#define ASSERT_TRUE(a) CHATD_ASSERT(#a, Equal, true, static_cast<bool>(a), true)
#define ASSERT_FALSE(a) CHATD_ASSERT("not " #a, Equal, true, static_cast<bool>(a), false)
