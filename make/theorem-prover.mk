# A proof engine with Debian's eprover, broken in many ways under a live daemon.
#   make theorem-prover                       every fault, and the parameters evolved: some seven minutes
#   make theorem-prover FAULT=crash,memory    these alone
#   make theorem-prover JSON=prover.json      the figures as JSON as well

.PHONY: theorem-prover
verify: theorem-prover
theorem-prover: build $(BIN)/prover-model.wasm ## break a proof engine in many ways: proofs a minute before, during and after (FAULT=crash,drift JSON=file)
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/theorem-prover ./examples/theorem-prover
	$(BIN)/theorem-prover --bin $(BIN) --fault '$(FAULT)' --json '$(JSON)'

# The engine's model, by the times of examples/theorem-prover/model/times.txt;
# bin/prover-measure measures them anew.
$(BIN)/prover-model.wasm: $(wildcard examples/theorem-prover/model/* examples/theorem-prover/table/*.go)
	GOOS=wasip1 GOARCH=wasm $(GO) build -trimpath -ldflags '-s -w' -buildmode=c-shared -o $@ ./examples/theorem-prover/model
