# Homeostat. `make help` lists the targets; settings are make variables, for
# example `make demo FAULT=crash JSON=demo.json`.

SHELL := /bin/bash
.DEFAULT_GOAL := help

GO       ?= go
CONFIG   ?= config.toml
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -s -w -X main.version=$(VERSION)
# Without grpc's trace pages the linker can leave out what nobody calls.
BUILD    := CGO_ENABLED=0 $(GO) build -tags grpcnotrace -trimpath -ldflags '$(LDFLAGS)'
BIN      := bin

.PHONY: help
help: ## list the targets
	@awk 'BEGIN {FS = ":.*?## "} /^[a-zA-Z0-9_-]+:.*?## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST) | sort

.PHONY: build
build: plugins ## build bin/homeostat, bin/plugins/*, the example services and the model of one
	$(BUILD) -o $(BIN)/homeostat ./host/cmd/homeostat
	GOOS=wasip1 GOARCH=wasm $(BUILD) -buildmode=c-shared -o $(BIN)/model-web.wasm ./examples/model-web
	$(BUILD) -o $(BIN)/ ./examples/shop/cmd/... ./examples/theorem-prover/cmd/...

.PHONY: plugins
plugins: ## build the first-party plugins into bin/plugins
	@mkdir -p $(BIN)/plugins
	$(BUILD) -o $(BIN)/plugins/ ./plugins/...

.PHONY: run
run: build ## build and start the daemon with CONFIG (config.toml)
	$(BIN)/homeostat run --config $(CONFIG)

.PHONY: test
test: ## run every part of the test suite whose tools are there (CI=true: a missing part fails)
	@bash tools/test.sh $(PARTS)

.PHONY: check
check: lint ## the quick look before a commit: lint, vet and the tests without the race detector
	$(GO) test ./...

.PHONY: lint
lint: ## golangci-lint with the import rules
	@bash tools/lint/lint.sh

.PHONY: verify
verify: test demo sweep attack bench ## the slower proofs too: figures are judged against their bars

.PHONY: fuzz
FUZZTIME ?= 20s
fuzz: ## fuzz every parser for FUZZTIME each
	@bash tools/fuzz.sh $(FUZZTIME)

.PHONY: docs
docs: ## generate the reference pages under docs/
	$(GO) run ./host/cmd/homeostat config reference --format markdown > docs/configuration.md.tmp && mv docs/configuration.md.tmp docs/configuration.md

.PHONY: clean
clean: ## remove what the build made
	rm -rf $(BIN) coverage.out host/dashboard/dist/assets host/dashboard/dist/index.html

include $(wildcard make/*.mk)
