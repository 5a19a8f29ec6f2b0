# Figures beside those of others, measured in the same run.
#   make bench-peers                 crash, hang and a deaf process under homeostat, monit, supervisord, runit
#   make bench-peers LONG=1          crash loop and slow start too, some fifteen minutes
#   make bench-peers JSON=peers.json the figures as JSON as well
LONG ?=

.PHONY: bench bench-peers
bench: bench-peers ## every figure beside those of others
bench-peers: build ## downtime and cost under homeostat and its peers (LONG=1 JSON=file)
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/peers ./examples/peers
	$(BIN)/peers --bin $(BIN) $(if $(LONG),--long) --json '$(JSON)'
