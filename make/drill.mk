# The drill: invariants of rollback and faults, on scratch files of this host.
#   make drill                 all rows, about a minute
#   make drill ROWS=R01,F03    these alone
ROWS ?=

.PHONY: drill
verify: drill
drill: build ## break changes on scratch files and show that each is undone (ROWS=R01,F03)
	$(BIN)/homeostat drill --only '$(ROWS)'
