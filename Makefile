# chatd: build, test, care, install. `make help` lists the goals.

## Build
##   all            ./chatd and ./chat (default)
##   everything     the programs, the tests and their helpers, without running them
##   clean          remove what was built
##
## Test
##   test           all tests: unit, then system
##   unit           tests of the parts
##   system         tests that drive the real program
##   bench          measure it beside other chat servers (scripts/bench --help)
##   asan           all tests under the address and undefined behaviour sanitizers
##   report         system tests with a sandbox that tells what its lists lack
##   valgrind       some system tests under valgrind
##   fuzz           random inputs for the pure files, with clang++; finds are in $(BUILD)/fuzz
##
## Care
##   lint           layout of the source, documents, formatter (as a check), linters
##   format         let clang-format lay out the sources
##   check-headers  compile each header alone that has no source
##   check-install  install, run, uninstall in a scratch directory
##
## Install
##   install        programs, man pages and completions for bash, below $(DESTDIR); with UNITDIR
##                  also units for systemd
##   uninstall      undo it
##
## Variables
##   VARIANT=release|debug|asan       BUILD=build (where objects go)
##   FILTER=suite/name*               run only these tests, and build only what they need
##   JOBS=n                           how many at once, also for make without -j
##   SECONDS=30  TARGET=name          how long to fuzz each target; that one alone
##   CXX CPPFLAGS CXXFLAGS LDFLAGS    yours come last
##   WERROR=1                         warnings are errors
##   V=1                              show commands and each test
##   PREFIX=/usr/local  BINDIR=$(PREFIX)/bin  MANDIR=$(PREFIX)/share/man  DESTDIR=
##   COMPLETIONDIR=$(PREFIX)/share/bash-completion/completions
##   UNITDIR=                         /etc/systemd/system, for example

VARIANT ?= release
BUILD ?= build
FILTER ?=
JOBS ?= $(shell nproc)
SECONDS ?= 30
TARGET ?=
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
UNITDIR ?=
INSTALL ?= install

variants := release debug asan
ifneq ($(filter-out $(variants),$(VARIANT))$(words $(VARIANT)),1)
$(error VARIANT=$(VARIANT) is unknown; it is one of: $(variants))
endif

MAKEFLAGS += --no-builtin-rules --no-print-directory
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(JOBS)
endif
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

# --- Sources ---

B := $(BUILD)/$(VARIANT)
F := $(BUILD)/fuzz

all_srcs := $(sort $(wildcard src/*.cc src/*/*.cc))
# The client has an archive of its own: the server must have none of it.
chat_srcs := $(filter-out src/chat/main.cc,$(filter src/chat/%,$(all_srcs)))
lib_srcs := $(filter-out src/main.cc src/chat/%,$(all_srcs))
# The unit tests run the fuzzers' targets too, on inputs that are known.
fuzz_srcs := $(sort $(filter-out %_test.cc %/fuzzer_main.cc,$(wildcard tests/fuzz/*.cc)))
fuzz_targets := $(sort $(notdir $(wildcard tests/fuzz/corpus/*)))
system_srcs := $(sort $(wildcard tests/system/*_test.cc))
unit_srcs := $(sort $(fuzz_srcs) $(filter-out $(system_srcs),$(wildcard tests/*_test.cc tests/*/*_test.cc)))
support_srcs := $(sort $(filter-out %_test.cc, \
	$(wildcard tests/support/*.cc tests/chaos/*.cc tests/load/*.cc)))
helper_srcs := $(sort $(wildcard tests/helpers/*.cc))
headers := $(sort $(wildcard src/*.h src/*/*.h tests/*/*.h))

src_objs := $(all_srcs:%.cc=$(B)/%.o)
lib_objs := $(lib_srcs:%.cc=$(B)/%.o)
chat_objs := $(chat_srcs:%.cc=$(B)/%.o)
unit_objs := $(unit_srcs:%.cc=$(B)/%.o)
system_objs := $(system_srcs:%.cc=$(B)/%.o)
support_objs := $(support_srcs:%.cc=$(B)/%.o)
helper_objs := $(helper_srcs:%.cc=$(B)/%.o)
# The targets, and what they need of the library.
fuzz_objs := $(patsubst %.cc,$(F)/%.o,$(filter-out tests/support/% %_test.cc,$(shell \
	scripts/tests-for 'fuzz/*' $(wildcard tests/fuzz/*_test.cc))))
fuzz_entries := $(fuzz_targets:%=$(F)/entry-%.o)
fuzzers := $(fuzz_targets:%=$(F)/fuzz-%)
faulty := $(B)/helpers/chatd-faults
reporting := $(B)/helpers/report/chatd
test_objs := $(unit_objs) $(system_objs) $(support_objs) $(helper_objs)
helpers := $(helper_srcs:tests/helpers/%.cc=$(B)/helpers/%)
# These sources are compiled once more for two other programs: the one whose sandbox only reports,
# and the one that tests make fail and upgrade to.
report_srcs := $(shell grep -lwE 'CHATD_SANDBOX_REPORT|kSandboxReports' src/main.cc $(lib_srcs))
report_objs := $(report_srcs:%.cc=$(B)/report/%.o)
fault_srcs := $(sort $(report_srcs) $(shell grep -lwE 'fault_point|kVersion' src/main.cc $(lib_srcs)) \
	tests/faults/fault_plan.cc)
fault_objs := $(fault_srcs:%.cc=$(B)/faults/%.o)
deps := $(patsubst %.o,%.d,$(src_objs) $(fault_objs) $(report_objs) $(test_objs) \
	$(fuzz_objs) $(fuzz_entries)) $(B)/tests.h.gch.d

# With FILTER, a test program has only the test files with such a suite and what these need, and a
# name of its own.
ifeq ($(FILTER),)
unit_program := $(B)/unit_tests
system_program := $(B)/system_tests
system_needs := $(B)/chatd $(B)/chat $(helpers) $(faulty) $(reporting)
else
suite := $(shell printf %s '$(firstword $(subst /, ,$(FILTER)))' | tr -c 'A-Za-z0-9_' -)
chosen_unit_srcs := $(shell scripts/tests-for '$(FILTER)' $(filter %_test.cc,$(unit_srcs)))
chosen_system_srcs := $(shell scripts/tests-for '$(FILTER)' $(system_srcs))
unit_program := $(if $(chosen_unit_srcs),$(B)/unit_tests.$(suite))
system_program := $(if $(chosen_system_srcs),$(B)/system_tests.$(suite))
# Tests ask for helpers by failing(), failing_program() and $HELPERS.
system_needs := $(if $(chosen_system_srcs),$(B)/chatd $(B)/chat $(if $(shell \
	grep -lE 'failing|HELPERS' $(filter $(system_srcs),$(chosen_system_srcs))),$(helpers) $(faulty) $(reporting)))
endif

# --- Flags ---

# Prints those of the given flags that $(CXX) knows.
known = $(shell for flag in $(1); do \
	$(CXX) -Werror $$flag -fsyntax-only -x c++ /dev/null 2>/dev/null && echo " $$flag"; done)

warnings := -Wall -Wextra -Wpedantic -Wshadow -Wformat=2 -Wcast-qual -Wnon-virtual-dtor \
	-Woverloaded-virtual -Wmissing-declarations \
	$(call known,-Wduplicated-cond -Wlogical-op)
ifeq ($(WERROR),1)
warnings += -Werror
endif

# The tests do without these: Criterion's macros do not pass them.
src_warnings := -Wconversion -Wsign-conversion -Wold-style-cast -Wnull-dereference

cpp-release := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
cpp-debug := -D_GLIBCXX_ASSERTIONS
cpp-asan := -D_GLIBCXX_ASSERTIONS

# The checks of the sanitizers themselves make g++ warn of null pointers.
sanitize := -fsanitize=address,undefined -fno-sanitize-recover=all
cxx-release := -O2 -fstack-protector-strong -ffunction-sections -fdata-sections
cxx-debug := -Og -g
# -g1, because the sanitizers show only functions and lines.
cxx-asan := -O1 -g1 -fno-omit-frame-pointer -Wno-null-dereference $(sanitize)

ld-release := -Wl,-z,relro,-z,now
ld-debug :=
ld-asan := $(sanitize)

# Of a program that cannot be static, all but the C library is.
shared_libc-release := -static-libstdc++ -static-libgcc

# Not for tests: Criterion looks for them in sections to which nothing refers.
gc-release := -Wl,--gc-sections

# -iquote: so no header of ours can hide a header of the system that has the same name.
cpp_flags = $(cpp-$(VARIANT)) -iquote src -MMD -MP $(CPPFLAGS)
cxx_flags = -std=c++20 $(warnings) $(1) $(cxx-$(VARIANT)) -ffile-prefix-map=$(CURDIR)=. $(CXXFLAGS)
ld_flags = $(cxx-$(VARIANT)) $(ld-$(VARIANT)) $(CXXFLAGS) $(LDFLAGS)

src_flags := $(cpp_flags) $(call cxx_flags,$(src_warnings) -fPIE)
report_flags := -DCHATD_SANDBOX_REPORT
fault_flags := -DCHATD_FAULTS -DCHATD_VERSION='"0.3.0-faults"' $(report_flags)
# Criterion runs each test in another process of the same program and passes addresses to it: they
# have to mean the same in both.
test_flags := -iquote tests $(cpp_flags) $(call cxx_flags,-fno-pie)
# libFuzzer is part of clang, whatever compiles the rest. Tracing comparisons would take two thirds
# of the time, and it would find out checksums: then a damaged log would no longer look damaged.
fuzz_cxx := clang++
fuzz_flags := -iquote tests -iquote src -MMD -MP -D_GLIBCXX_ASSERTIONS -std=c++20 -O1 -g1 \
	-fno-omit-frame-pointer -fsanitize=fuzzer-no-link $(sanitize) \
	-fno-sanitize-coverage=trace-cmp

ifeq ($(V),1)
Q :=
say := @:
else
Q := @
say := @printf '  %-5s %s\n'
endif

# --- Build ---

.PHONY: all everything clean
all: chatd chat

everything: $(B)/chatd $(B)/chat $(B)/unit_tests $(B)/system_tests $(helpers) $(faulty) $(reporting)

# All variants share this name, and time stamps do not tell which one it is.
chatd chat: %: $(B)/% FORCE
	$(Q)[ $@ -ef $< ] || ln -f $< $@ 2>/dev/null || cp -f $< $@

$(B)/chatd: $(B)/src/main.o $(B)/libchatd.a $(B)/.link
# The linker takes these objects, and not those of the same name in the library.
$(faulty): $(fault_objs) $(B)/libchatd.a $(B)/.link
$(reporting): $(B)/src/main.o $(report_objs) $(B)/libchatd.a $(B)/.link
$(B)/chatd $(faulty) $(reporting):
	@mkdir -p $(@D)
	@printf '  %-5s %s\n' LD "$@ ($$(cat $(B)/.link))"
	$(Q)$(CXX) $$(cat $(B)/.link) $(gc-$(VARIANT)) $(ld_flags) -o $@ $(filter %.o %.a,$^)

# Names of hosts are looked up by getaddrinfo(3), which loads parts of the C library at run time: so
# this program is not static.
$(B)/chat: $(B)/src/chat/main.o $(B)/libchat.a $(B)/libchatd.a $(B)/.flags
	$(say) LD $@
	$(Q)$(CXX) -pie $(shared_libc-$(VARIANT)) $(gc-$(VARIANT)) $(ld_flags) -o $@ $(filter %.o %.a,$^)

$(B)/libchatd.a: $(lib_objs) $(B)/.sources
$(B)/libchat.a: $(chat_objs) $(B)/.sources
$(B)/libchatd.a $(B)/libchat.a:
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

$(src_objs): $(B)/%.o: %.cc $(B)/.flags
	@mkdir -p $(@D)
	$(say) CXX $<
	$(Q)$(CXX) $(src_flags) -c -o $@ $<

# The assembler reads the files of the page into these objects (.incbin), of which the compiler
# tells make nothing.
$(B)/src/worker/web_files.o $(F)/src/worker/web_files.o: $(wildcard src/web/*)

$(fault_objs): $(B)/faults/%.o: %.cc $(B)/.flags
	@mkdir -p $(@D)
	$(say) CXX "$< (faults)"
	$(Q)$(CXX) $(src_flags) $(fault_flags) -c -o $@ $<

$(report_objs): $(B)/report/%.o: %.cc $(B)/.flags
	@mkdir -p $(@D)
	$(say) CXX "$< (report)"
	$(Q)$(CXX) $(src_flags) $(report_flags) -c -o $@ $<

# A static-pie program costs each process less memory and time. But not every system can make one
# that runs, and the tools that look for errors have to replace libc's malloc.
$(B)/.link: $(B)/.flags
	$(Q)if [ $(VARIANT) != release ]; then echo '-pie' >$@; else \
	echo 'int main() { return *new int(0); }' >$(B)/probe.cc; \
	if $(CXX) -fPIE -static-pie $(ld_flags) -o $(B)/probe $(B)/probe.cc 2>/dev/null && $(B)/probe; \
	then echo '-static-pie' >$@; \
	else echo '-pie -static-libstdc++ -static-libgcc' >$@; fi; fi; \
	rm -f $(B)/probe $(B)/probe.*

# These files change only when their text does: other flags rebuild everything, and a source that is
# gone also leaves the library and the tests.
$(B)/.flags: export text = $(shell $(CXX) --version | head -n 1) $(CXX) $(src_flags) / $(test_flags) / $(gc-$(VARIANT)) $(ld_flags)
$(B)/.sources: export text = $(lib_srcs) $(chat_srcs) $(unit_srcs) $(system_srcs) $(support_srcs)
$(F)/.flags: export text = $(fuzz_cxx) $(fuzz_flags)
$(B)/.flags $(B)/.sources $(F)/.flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' "$$text" | cmp -s - $@ || printf '%s\n' "$$text" >$@

clean:
	rm -rf $(BUILD) chatd chat

# --- Test ---

.PHONY: test unit system asan report valgrind bench test-needs
tested := $(B)/chatd
tested_client := $(B)/chat
# Most tests wait most of the time. Under a sanitizer they need their processor more.
tests_at_once := $(shell expr $(if $(filter asan,$(VARIANT)),3 '*' $(JOBS) / 2,3 '*' $(JOBS)))
# No program at all: scripts/run-tests says that nothing matches FILTER.
run_tests = CHATD=$(abspath $(tested)) CHAT=$(abspath $(tested_client)) HELPERS=$(abspath $(B)/helpers) \
	CORPUS=$(abspath tests/fuzz/corpus) \
	FILTER='$(FILTER)' JOBS=$(tests_at_once) V=$(V) scripts/run-tests

test: $(if $(FILTER),,everything) $(unit_program) $(system_program) $(system_needs)
	$(Q)$(run_tests) $(unit_program) $(system_program)

unit: $(unit_program)
	$(Q)$(run_tests) $(unit_program)

system: $(system_program) $(system_needs)
	$(Q)$(run_tests) $(system_program)

asan:
	$(Q)$(MAKE) VARIANT=asan test

report: tested := $(reporting)
report: $(system_program) $(system_needs)
	$(Q)SANDBOX=report $(run_tests) $(system_program)

valgrind: $(system_program) $(system_needs)
	$(Q)$(MAKE) VARIANT=debug $(BUILD)/debug/chatd
	$(Q)WRAPPER='valgrind -q --vgdb=no' SANDBOX=off CHATD=$(abspath $(BUILD)/debug/chatd) \
	CHAT=$(abspath $(tested_client)) HELPERS=$(abspath $(B)/helpers) FILTER='$(or $(FILTER),chat/*)' JOBS=$(JOBS) V=$(V) \
	scripts/run-tests $(system_program)

bench:
	$(Q)scripts/bench --plot

test-needs:
	$(Q)CXX='$(CXX) $(CPPFLAGS)' scripts/install-criterion

$(B)/unit_tests: $(unit_objs)
$(B)/system_tests: $(system_objs)
$(B)/unit_tests $(B)/system_tests: $(support_objs) $(B)/libchat.a $(B)/libchatd.a $(B)/.sources
	$(say) LD $@
	$(Q)$(CXX) -no-pie $(ld_flags) -o $@ $(filter %.o,$^) $(filter %.a,$^) -lcriterion

ifneq ($(FILTER),)
$(B)/unit_tests.$(suite): $(chosen_unit_srcs:%.cc=$(B)/%.o)
$(B)/system_tests.$(suite): $(chosen_system_srcs:%.cc=$(B)/%.o)
$(B)/unit_tests.$(suite) $(B)/system_tests.$(suite): $(B)/.sources
	$(say) LD $@
	$(Q)$(CXX) -no-pie $(ld_flags) -o $@ $(filter %.o,$^) -lcriterion
endif

# Not linked with Criterion, which refuses to start inside a test. The benchmark compares relay with
# chatd, so it is static when chatd is.
$(B)/helpers/relay: static = $$(grep -o '^-static' $(B)/.link)
$(helpers): $(B)/helpers/%: $(B)/tests/helpers/%.o $(B)/libsupport.a $(B)/libchatd.a $(B)/.link
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CXX) -no-pie $(static) $(ld_flags) -o $@ $(filter %.o %.a,$^)

$(B)/libsupport.a: $(support_objs) $(B)/.sources
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

$(test_objs): $(B)/%.o: %.cc $(B)/.flags | test-needs
	@mkdir -p $(@D)
	$(say) CXX $<
	$(Q)$(CXX) $(test_flags) $(quick) $(headers_of_tests) -c -o $@ $<

# With optimization a compiler needs three times as long for Criterion's macros, and under
# sanitizers four times. A third of the rest goes into the headers that nearly all tests include.
# What measures (tests/load) is optimized, and helpers are not linked with Criterion.
$(unit_objs) $(system_objs) $(filter-out $(B)/tests/load/%,$(support_objs)): \
	quick := -O0 -U_FORTIFY_SOURCE
$(unit_objs) $(system_objs): headers_of_tests := -include $(B)/tests.h
$(unit_objs) $(system_objs): $(B)/tests.h.gch
$(B)/tests.h.gch: Makefile $(B)/.flags | test-needs
	$(say) CXX $@
	$(Q)printf '#include <%s>\n' criterion/criterion.h criterion/new/assert.h algorithm array chrono \
	functional memory optional ranges span string string_view vector >$(@:.gch=)
	$(Q)$(CXX) $(filter-out -MMD,$(test_flags)) -O0 -U_FORTIFY_SOURCE -MD -MF $@.d -MT $@ \
	-x c++-header -o $@ $(@:.gch=)

# --- Fuzz ---

.PHONY: fuzz fuzzers
fuzz: $(if $(TARGET),$(TARGET:%=$(F)/fuzz-%),$(fuzzers))
	$(Q)JOBS=$(JOBS) scripts/fuzz $(F) $(SECONDS) $(or $(TARGET),$(fuzz_targets))

fuzzers: $(fuzzers)

$(fuzzers): $(F)/fuzz-%: $(F)/entry-%.o $(fuzz_objs)
	$(say) LD $@
	$(Q)$(fuzz_cxx) $(subst fuzzer-no-link,fuzzer,$(fuzz_flags)) -o $@ $^

$(fuzz_entries): $(F)/entry-%.o: tests/fuzz/fuzzer_main.cc $(F)/.flags
	@mkdir -p $(@D)
	$(say) CXX "$< ($*)"
	$(Q)$(fuzz_cxx) $(fuzz_flags) -DFUZZ_TARGET=fuzz_$* -c -o $@ $<

$(fuzz_objs): $(F)/%.o: %.cc $(F)/.flags
	@mkdir -p $(@D)
	$(say) CXX "$< (fuzz)"
	$(Q)$(fuzz_cxx) $(fuzz_flags) -c -o $@ $<

# --- Care ---

.PHONY: lint format check-headers check-install help
lint:
	$(Q)JOBS=$(JOBS) scripts/lint

format:
	clang-format -i $(all_srcs) $(headers) $(sort $(wildcard tests/*.cc tests/*/*.cc))

# Sources include the header of their name first (see scripts/check-layout), so these headers are
# compiled alone with them.
lonely_headers = $(filter-out $(patsubst %.cc,%.h,$(wildcard src/*.cc src/*/*.cc tests/*/*.cc)),$(headers))
check-headers: test-needs
	$(Q)printf '%s\n' $(lonely_headers:src/%=%) | sed 's,^tests/,,' | xargs -P $(JOBS) -I HEADER sh -c \
	'echo "#include \"HEADER\"" | $(CXX) $(filter-out -MMD -MP,$(test_flags)) -fsyntax-only -x c++ - \
	|| { echo "HEADER does not compile alone"; exit 1; }'
	@echo '$(words $(lonely_headers)) headers without a source compile alone'

check-install: $(B)/chatd $(B)/chat
	$(Q)scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && \
	$(MAKE) install DESTDIR="$$scratch" UNITDIR=/units && \
	"$$scratch$(BINDIR)/chatd" --version && "$$scratch$(BINDIR)/chat" --version && \
	test -s "$$scratch$(MANDIR)/man8/chatd.8" && test -s "$$scratch$(MANDIR)/man1/chat.1" && \
	test -s "$$scratch$(MANDIR)/man7/chatd-json.7" && \
	test -s "$$scratch$(MANDIR)/man7/chatd-lab.7" && \
	bash -n "$$scratch$(COMPLETIONDIR)/chatd" "$$scratch$(COMPLETIONDIR)/chat" && \
	$(MAKE) uninstall DESTDIR="$$scratch" UNITDIR=/units && \
	left=$$(find "$$scratch" ! -type d) && \
	if [ -n "$$left" ]; then echo "left behind: $$left"; exit 1; fi
	@echo 'install and uninstall leave nothing behind'

help:
	@awk '/^## ?/ { sub(/^## ?/, ""); print }' $(firstword $(MAKEFILE_LIST))

# --- Install ---

.PHONY: install uninstall
install: $(B)/chatd $(B)/chat
	$(INSTALL) -d '$(DESTDIR)$(BINDIR)'
	$(INSTALL) -m 755 $(B)/chatd $(B)/chat '$(DESTDIR)$(BINDIR)'
	$(INSTALL) -d '$(DESTDIR)$(MANDIR)/man1' '$(DESTDIR)$(MANDIR)/man7' '$(DESTDIR)$(MANDIR)/man8'
	$(INSTALL) -m 644 src/chat.1 '$(DESTDIR)$(MANDIR)/man1/chat.1'
	$(INSTALL) -m 644 src/chatd-json.7 src/chatd-lab.7 '$(DESTDIR)$(MANDIR)/man7'
	$(INSTALL) -m 644 src/chatd.8 '$(DESTDIR)$(MANDIR)/man8/chatd.8'
	$(INSTALL) -d '$(DESTDIR)$(COMPLETIONDIR)'
	$(INSTALL) -m 644 scripts/completion/chatd scripts/completion/chat '$(DESTDIR)$(COMPLETIONDIR)'
ifneq ($(UNITDIR),)
	$(INSTALL) -d '$(DESTDIR)$(UNITDIR)'
	sed 's,/usr/local/bin/,$(BINDIR)/,' scripts/chatd.service >$(B)/chatd.service
	$(INSTALL) -m 644 $(B)/chatd.service scripts/chatd.socket '$(DESTDIR)$(UNITDIR)'
endif

uninstall:
	rm -f '$(DESTDIR)$(BINDIR)/chatd' '$(DESTDIR)$(BINDIR)/chat' \
	'$(DESTDIR)$(MANDIR)/man1/chat.1' '$(DESTDIR)$(MANDIR)/man7/chatd-json.7' \
	'$(DESTDIR)$(MANDIR)/man7/chatd-lab.7' \
	'$(DESTDIR)$(MANDIR)/man8/chatd.8' '$(DESTDIR)$(COMPLETIONDIR)/chatd' \
	'$(DESTDIR)$(COMPLETIONDIR)/chat'
ifneq ($(UNITDIR),)
	rm -f '$(DESTDIR)$(UNITDIR)/chatd.service' '$(DESTDIR)$(UNITDIR)/chatd.socket'
endif

FORCE:
-include $(deps)
