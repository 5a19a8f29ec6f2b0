# What the proxy of a link costs.
#   make bench-proxy                  some forty seconds
#   make bench-proxy JSON=proxy.json  the figures as JSON as well
.PHONY: bench-proxy
bench: bench-proxy
bench-proxy: build ## TCP and HTTP through a link's proxy, and through nginx, beside a direct connection (JSON=file)
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/bench-proxy ./examples/bench-proxy
	$(BIN)/bench-proxy --bin $(BIN) --json '$(JSON)'
