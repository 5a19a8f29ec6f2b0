# Sweeps and figures of safe change.

# Mounts of the sweep's own: copies of them in other mount namespaces would keep a file system alive after its power cut.
SWEEP_SPACE := $(shell unshare --mount true 2>/dev/null && echo unshare --mount)

.PHONY: sweep sweep-strace sweep-power
sweep: sweep-strace sweep-power ## stop a change at every system call and cut the power of ext4 and XFS at every step
	set -o pipefail; HOMEOSTAT_SWEEP=1 $(GO) test -count=1 -v -timeout 20m -skip '^TestSweep' ./host/change/txn | grep -E -- 'points|lost|^(--- FAIL|FAIL|ok)'

sweep-strace: ## kill and fail a change at each of its system calls, under strace
	set -o pipefail; HOMEOSTAT_SWEEP=1 $(GO) test -count=1 -v -timeout 20m -run '^TestSweep(Kill|Error)' ./host/change/txn | grep -E -- 'points|SKIP|needs|^(--- FAIL|FAIL|ok)|_test.go'

sweep-power: ## cut the power of loop-mounted ext4 and XFS at each step of a change, with the control that must fail
	set -o pipefail; PATH=$$PATH:/usr/sbin:/sbin HOMEOSTAT_SWEEP=1 $(SWEEP_SPACE) $(GO) test -count=1 -v -timeout 20m -run '^TestSweepPower' ./host/change/txn | grep -E -- 'points|SKIP|allows|^(--- FAIL|FAIL|ok)|_test.go'

.PHONY: bench-safechange
bench-safechange: ## figures of breaker, rate limit, health, backup and apply, beside their peers where installed
	$(GO) test -run '^$$' -bench . -benchmem ./host/breaker ./host/ratelimit ./host/health
	$(GO) test -run '^$$' -bench . -benchtime 10x ./host/backup ./host/change/txn

.PHONY: bench-change
RUNS ?= 9
bench: bench-change
bench-change: build ## a change of three files with and without a warm check, beside ansible where installed (RUNS=9 JSON=file)
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/bench-change ./examples/bench-change
	$(BIN)/bench-change --bin $(BIN) --runs $(RUNS) --json '$(JSON)'
