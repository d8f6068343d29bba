// Users in the text of a passwd file.
#include "sys/user.h"

#include <criterion/criterion.h>

#include "support/expect.h"
#include "support/where.h"

using namespace chatd;

TestSuite(user, .timeout = 20);

namespace {

constexpr std::string_view kPasswd =
    "root:x:0:0:root:/root:/bin/bash\n"
    "+nis\n"
    "broken:x:not-a-number:5::/:/bin/sh\n"
    "nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin\n"
    "1000:x:4242:4243:a name of digits:/:/bin/sh\n"
    "last:x:7:8:";

void expect_user(std::string_view wanted, uid_t uid, gid_t gid,
                 test::Where where = test::Where::here()) {
    const test::Caller caller(where);
    const auto found = find_user(kPasswd, wanted);
    EXPECT_TRUE(found.has_value());
    if (!found) return;
    EXPECT_EQ(found->uid, uid);
    EXPECT_EQ(found->gid, gid);
}

}  // namespace

Test(user, is_found_by_name_with_its_group) {
    expect_user("nobody", 65534, 65533);
    expect_user("root", 0, 0);
    expect_user("last", 7, 8);
}

Test(user, is_found_by_number_with_its_group) {
    expect_user("65534", 65534, 65533);
}

Test(user, with_an_unknown_number_is_in_the_group_of_that_number) {
    expect_user("123456", 123456, 123456);
}

Test(user, of_digits_is_a_number_and_no_name) {
    expect_user("1000", 1000, 1000);
}

Test(user, may_be_put_into_another_group) {
    expect_user("nobody:5", 65534, 5);
    expect_user("99:5", 99, 5);
}

Test(user, that_is_unknown_or_malformed_is_none) {
    for (const std::string_view wanted :
         {"", "nemo", "nob", "broken", "+nis", ":5", "nobody:", "nobody:users", "nobody:5:6", "-1",
          "4294967295", "4294967296", "1x", "nobody:4294967295"}) {
        cr_expect(find_user(kPasswd, wanted) == std::nullopt, "%.*s",
                  static_cast<int>(wanted.size()), wanted.data());
    }
}

Test(user, is_found_by_number_without_a_file) {
    EXPECT_FALSE(find_user("", "nobody").has_value());
    EXPECT_TRUE(find_user("", "65534") == (User{65534, 65534}));
}
