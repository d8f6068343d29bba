// Root becomes another user, for good. Users are found in the text of a passwd file.
#include "sys/privilege.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <string>

#include "protocol/worker_exit.h"
#include "support/daemon.h"
#include "support/expect.h"
#include "support/where.h"
#include "sys/error.h"
#include "sys/fd.h"
#include "sys/process.h"

using namespace chatd;

TestSuite(privilege, .timeout = 20);
TestSuite(user, .timeout = 20);

namespace {

constexpr User kSomebody{4242, 4343};

void needs_root() {
    if (geteuid() != 0) cr_skip_test("only root has privileges to give up");
}

std::string end_of(const std::function<int()>& deed) {
    (void)fork_child("test", deed);
    for (;;) {
        if (const auto reaped = reap_child()) return describe_wait_status(reaped->wait_status);
    }
}

std::string trouble_of(const std::string& wanted) {
    try {
        (void)user_to_become(wanted);
        return "";
    } catch (const SetupError& error) {
        EXPECT_EQ(error.status(), ExitStatus::Usage);
        return error.what();
    }
}

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

Test(privilege, root_becomes_the_user_nobody_by_default) {
    needs_root();
    EXPECT_TRUE(user_to_become("").has_value() && user_to_become("")->uid != 0);
    EXPECT_TRUE(user_to_become("4242:4343") == kSomebody);
    EXPECT_FALSE(user_to_become("root").has_value());
}

Test(privilege, a_user_that_is_not_root_stays) {
    needs_root();
    EXPECT_EQ(end_of([] {
                  give_up_privileges(kSomebody);
                  const bool stays = !user_to_become("") && !user_to_become("4242");
                  const std::string trouble = trouble_of("root");
                  return stays && trouble == "only root can become root; leave --user away" ? 7 : 1;
              }),
              "exit status 7");
}

Test(privilege, an_unknown_user_is_refused) {
    EXPECT_CONTAINS(trouble_of("no-such-user"), "there is no no-such-user in /etc/passwd");
}

Test(privilege, privileges_that_were_given_up_cannot_be_had_again) {
    needs_root();
    EXPECT_EQ(end_of([] {
                  give_up_privileges(kSomebody);
                  uid_t uids[3];
                  gid_t gids[3];
                  (void)getresuid(&uids[0], &uids[1], &uids[2]);
                  (void)getresgid(&gids[0], &gids[1], &gids[2]);
                  for (const uid_t uid : uids) {
                      if (uid != kSomebody.uid) return 1;
                  }
                  for (const gid_t gid : gids) {
                      if (gid != kSomebody.gid) return 2;
                  }
                  if (getgroups(0, nullptr) != 0) return 3;
                  if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0) return 4;
                  return open("/etc/shadow", O_RDONLY) == -1 && errno == EACCES ? 7 : 5;
              }),
              "exit status 7");
}

// Without this, servers outlived the tests that had started them.
Test(privilege, the_parent_death_signal_is_restored_after_them) {
    needs_root();
    EXPECT_EQ(end_of([] {
                  const ParentDeathSignal death_signal;
                  give_up_privileges(kSomebody);
                  int signal = 0;
                  (void)prctl(PR_GET_PDEATHSIG, &signal);
                  if (signal != 0) return 1;  // the kernel does
                  death_signal.restore();
                  (void)prctl(PR_GET_PDEATHSIG, &signal);
                  return signal == SIGKILL ? 7 : 2;
              }),
              "exit status 7");
}

Test(privilege, an_effective_user_makes_files_as_it_may_and_then_root_is_back) {
    needs_root();
    const test::Scratch scratch;
    EXPECT_EQ(end_of([&] {
                  const std::string path = scratch.path() + "/file";
                  const std::string shut = scratch.path() + "/shut";
                  if (chmod(scratch.path().c_str(), 0777) != 0 || mkdir(shut.c_str(), 0700) != 0) {
                      return 1;
                  }
                  {
                      const EffectiveUser somebody(kSomebody);
                      const UniqueFd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
                      struct stat status {};
                      if (fstat(file.get(), &status) != 0) return 2;
                      if (status.st_uid != kSomebody.uid || status.st_gid != kSomebody.gid)
                          return 3;
                      if (open((shut + "/file").c_str(), O_RDWR | O_CREAT, 0600) != -1) return 4;
                  }
                  return geteuid() == 0 && getegid() == 0 ? 7 : 5;
              }),
              "exit status 7");
}

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
