# The search for parameters, measured.
#   make bench-evolve                  functions, evaluations a second
#   make bench-evolve ONLY=functions   one of them
#   make bench-evolve JSON=evolve.json the figures as JSON as well
.PHONY: bench-evolve
bench-evolve: ## evaluations on optimisers' functions beside their bars, evaluations a second (ONLY=functions,pool JSON=file)
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/bench-evolve ./examples/bench-evolve
	$(BIN)/bench-evolve --only '$(ONLY)' --json '$(JSON)'
