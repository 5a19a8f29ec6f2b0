# The demo: a real service, broken in many ways under a live daemon.
#   make demo                        every fault and story, some five minutes
#   make demo FAULT=crash,overload   these alone
#   make demo JSON=demo.json         the results as JSON as well
FAULT ?=
JSON  ?=

.PHONY: demo
demo: build ## break the example service in many ways and show each repaired (FAULT=crash,hang JSON=file)
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/demo ./examples/demo
	$(BIN)/demo --bin $(BIN) --fault '$(FAULT)' --json '$(JSON)'
