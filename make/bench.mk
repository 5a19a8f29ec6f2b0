# Figures beside those of others, measured in the same run.
#   make bench-peers                 crash, hang and a deaf process under homeostat, monit, supervisord, runit
#   make bench-peers LONG=1          crash loop and slow start too, some fifteen minutes
#   make bench-peers PEERS=monit     beside monit alone
#   make bench-peers JSON=peers.json the figures as JSON as well
LONG  ?=
PEERS ?= monit,supervisord,runit

.PHONY: bench bench-peers
bench: bench-peers ## every figure beside those of others
bench-peers: build ## downtime and cost under homeostat and its peers (LONG=1 PEERS=monit JSON=file)
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/peers ./examples/peers
	$(BIN)/peers --bin $(BIN) --peers $(PEERS) $(if $(LONG),--long) --json '$(JSON)'
