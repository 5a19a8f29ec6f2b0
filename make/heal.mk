# The choice of remedies, in simulated streams of incidents.

.PHONY: bench-heal
WORLDS ?= 30
bench-heal: ## compare ways to choose a remedy over WORLDS simulated hosts and hold the guarded ladder to its bars (JSON, SVG: files to write)
	$(GO) run ./host/cmd/homeostat simulate --worlds $(WORLDS) --bars $(if $(SVG),--svg $(SVG)) $(if $(JSON),--json > $(JSON))
