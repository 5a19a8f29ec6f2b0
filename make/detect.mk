# Figures of the detectors over public data.
#   make bench-detect DATA=folder              every row beside the reference's figure and the bar
#   make bench-detect DATA=folder ONLY=nab     one set
#   make bench-detect DATA=folder RANGE=1      detectors know the range of each series
#   make bench-detect DATA=folder JSON=f.json  the rows as JSON as well
DATA  ?=
ONLY  ?=
RANGE ?=

.PHONY: bench-detect
bench-detect: ## figures of the detectors over public data (DATA=folder ONLY=nab,… RANGE=1 JSON=file)
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/bench-detect ./examples/bench-detect
	$(BIN)/bench-detect --data '$(DATA)' --only '$(ONLY)' $(if $(RANGE),--range) --json '$(JSON)'
