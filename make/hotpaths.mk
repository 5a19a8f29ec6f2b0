# Figures of the hot paths, as Go benchmarks.
#   make bench-hot                     all of them
#   make bench-hot BENCH=Window        those whose name matches
BENCH ?= .

.PHONY: bench-hot
bench: bench-hot
bench-hot: ## hot paths of the daemon: windows, samples, history, audit log, plugin calls, decisions (BENCH=regexp)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./host/observe/... ./host/history/... ./host/journal ./host/plugin ./host/heal/machine ./sdk/wire ./plugins/...
