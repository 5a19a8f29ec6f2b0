# The choice of remedies and the evolution of settings, in simulated streams of
# incidents and on the functions that optimisers are compared by. JSON=f.json writes
# f.json and, of bench-evolve, f-evolve.json.

.PHONY: bench-heal
WORLDS ?= 30
bench: bench-heal
bench-heal: build ## every bar of healing: ways to choose a remedy and evolved settings over WORLDS simulated hosts, then bench-evolve (JSON, SVG: files to write)
	$(BIN)/homeostat simulate --worlds $(WORLDS) --plugins $(BIN)/plugins --bars $(if $(SVG),--svg $(SVG)) $(if $(JSON),--json > $(JSON))
	@echo
	@$(MAKE) --no-print-directory bench-evolve JSON='$(if $(JSON),$(basename $(JSON))-evolve.json)'

# The daemon itself killed in the middle of recoveries of a real service.
.PHONY: killed
ROUNDS ?= 12
verify: killed
killed: build ## kill the daemon at many moments of real recoveries: nothing is done twice, nothing forgotten (ROUNDS=12 JSON=file)
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/killed ./examples/killed
	$(BIN)/killed --bin $(BIN) --rounds $(ROUNDS) --json '$(JSON)'
