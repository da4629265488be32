# Genuine on a bare Debian 12 with make and git: each target installs what it needs, then does it.
#
#   make            build/genuine-ca, build/genuine-device and the CA's roles beside them
#   make demo       two TPMs get their certificates and talk mutual TLS; four impostors do not
#   make test       unit and integration tests; TESTS="NAME …" runs those alone
#   make attacks    the whole catalogue of docs/ATTACKS.md on running programs; ROWS="3 158" for some;
#                   ROWS=114 ROUNDS=1000 for a campaign of races
#   make mutants    switches each check off in turn and sees what gets through; MUTANTS="31 102" for some
#   make faults     spoils one thing at a time: dead processes, power, disks, memory, clocks, TPMs; GROUPS="kills tpm"
#   make timing     whether the time of an answer tells how near a ticket was; SAMPLES=100000000
#   make sanitize   tests and a sample of the attacks under ASan and UBSan
#   make coverage   how much of the trusted core these reach
#   make memcheck   unit tests and some attacks under valgrind
#   make bench      what one provisioning costs, by role
#   make fuzz TARGET=http_head SECONDS=60    one fuzz target; tests/fuzz has them
#   make fuzz-replay                         all seeds and findings through every target
#   make fuzz-campaign MINUTES=5             each target until it has had that much CPU time in all
#   make fuzz-floor                          each target for FLOOR_SECONDS; none may be slow
#   make test-all   all of these, for some hours; at the end how each ended
#   make install    DESTDIR and PREFIX as usual
#   make clean

BUILD  ?= build
PREFIX ?= /usr/local
TESTS  ?=
GROUPS ?=
SAMPLES ?= 10000000

.PHONY: all demo test attacks mutants faults timing sanitize coverage memcheck bench install clean \
	build-dependencies test-dependencies demo-dependencies instruments-dependencies \
	fuzz fuzz-replay fuzz-floor fuzz-campaign fuzz-programs fuzz-dependencies test-all

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD) -n programs | grep -q "no work" || ninja -C $(BUILD) $(if $(MAKE_TERMOUT),,--quiet) programs

$(BUILD)/build.ninja: | build-dependencies
	@mkdir -p $(BUILD)
	@meson setup $(BUILD) --prefix $(PREFIX) >$(BUILD)/setup.log 2>&1 || { cat $(BUILD)/setup.log; exit 1; }

build-dependencies:
	@dev/install-dependencies build

test-dependencies: build-dependencies
	@dev/install-dependencies test

demo-dependencies: build-dependencies
	@dev/install-dependencies demo

demo: demo-dependencies all
	@GENUINE_BUILD=$(abspath $(BUILD)) dev/demo

test: test-dependencies all
	@dev/run-tests $(BUILD) $(TESTS)

faults: test-dependencies all
	@ninja -C $(BUILD) --quiet rig
	@GENUINE_BUILD=$(abspath $(BUILD)) tests/faults/faults $(abspath $(BUILD))/tests/faults $(GROUPS)

attacks: test-dependencies all
	@ninja -C $(BUILD) --quiet attack-parts rig
	@GENUINE_BUILD=$(abspath $(BUILD)) PYTHONDONTWRITEBYTECODE=1 tests/attacks/attacks $(ROWS)

# Wants a quiet machine; each sample is one act, and the whole act takes a tenth of them.
timing: test-dependencies all
	@ninja -C $(BUILD) --quiet tests/timing/timing tests/timing/undefined_secret
	@valgrind --quiet --log-fd=9 $(BUILD)/tests/timing/undefined_secret 9>/dev/null
	@$(BUILD)/tests/timing/timing $(SAMPLES)

# An instrumented build of its own, which is never shipped.
MUTANTS_BUILD ?= build-mutants

$(MUTANTS_BUILD)/build.ninja: | test-dependencies
	@meson setup $(MUTANTS_BUILD) -Dmutants=true >/dev/null

mutants: $(MUTANTS_BUILD)/build.ninja
	@ninja -C $(MUTANTS_BUILD) --quiet
	@ninja -C $(MUTANTS_BUILD) --quiet rig
	@tests/mutants/mutants $(MUTANTS_BUILD) $(MUTANTS)

# Builds whose roles are not confined, which are never shipped either.
SANITIZE_BUILD ?= build-sanitize
COVERAGE_BUILD ?= build-coverage
MEMCHECK_BUILD ?= build-memcheck

$(SANITIZE_BUILD)/build.ninja: | test-dependencies instruments-dependencies
	@CC=clang meson setup $(SANITIZE_BUILD) -Dinstruments=sanitizers >/dev/null

$(COVERAGE_BUILD)/build.ninja: | test-dependencies instruments-dependencies
	@CC=clang meson setup $(COVERAGE_BUILD) -Dinstruments=coverage >/dev/null

$(MEMCHECK_BUILD)/build.ninja: | test-dependencies instruments-dependencies
	@meson setup $(MEMCHECK_BUILD) -Dinstruments=memcheck >/dev/null

instruments-dependencies: build-dependencies
	@dev/install-dependencies instruments

sanitize: $(SANITIZE_BUILD)/build.ninja
	@ninja -C $(SANITIZE_BUILD) --quiet
	@tests/instruments/instruments sanitize $(SANITIZE_BUILD)

coverage: $(COVERAGE_BUILD)/build.ninja
	@ninja -C $(COVERAGE_BUILD) --quiet
	@tests/instruments/instruments coverage $(COVERAGE_BUILD)

memcheck: $(MEMCHECK_BUILD)/build.ninja
	@ninja -C $(MEMCHECK_BUILD) --quiet
	@tests/instruments/instruments memcheck $(MEMCHECK_BUILD)

bench: test-dependencies all
	@GENUINE_BUILD=$(abspath $(BUILD)) tests/bench/provisioning

FUZZ_BUILD ?= build-fuzz
SECONDS    ?= 60
MINUTES    ?= 5
JOBS       ?= 2

$(FUZZ_BUILD)/build.ninja: | fuzz-dependencies
	@CC=clang meson setup $(FUZZ_BUILD) -Dfuzz=true

fuzz-dependencies: build-dependencies
	@dev/install-dependencies fuzz

fuzz-programs: $(FUZZ_BUILD)/build.ninja
	@ninja -C $(FUZZ_BUILD) --quiet fuzz

fuzz: fuzz-programs
	@dev/fuzz run $(FUZZ_BUILD) $(TARGET) $(SECONDS)

fuzz-replay: test-dependencies all
	@dev/run-tests $(BUILD) --suite fuzz-replay

fuzz-campaign: fuzz-programs
	@dev/fuzz campaign $(FUZZ_BUILD) $(MINUTES) $(JOBS)

FLOOR_SECONDS ?= 5

fuzz-floor: fuzz-programs
	@dev/fuzz floor $(FUZZ_BUILD) $(FLOOR_SECONDS)

test-all:
	@dev/test-all $(STEPS)

install: all
	@meson install -C $(BUILD) --quiet

clean:
	rm -rf $(BUILD)
