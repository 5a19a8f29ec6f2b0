# A real nginx under changes: four that break it, one that does not.
#   make safe-nginx                   with a fault that sets in after two minutes, some five minutes
#   make safe-nginx LATE=5s           sooner
#   make safe-nginx JSON=nginx.json   the results as JSON as well
LATE ?= 2m

.PHONY: safe-nginx
verify: safe-nginx
safe-nginx: build ## change a real nginx in four bad ways and a good one: each bad one is undone in time (LATE=2m JSON=file)
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/safe-nginx ./examples/safe-nginx
	$(BIN)/safe-nginx --bin $(BIN) --late '$(LATE)' --json '$(JSON)'
