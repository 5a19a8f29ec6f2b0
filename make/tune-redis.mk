# A real redis-server whose users' wants drift, and ways to tune it.
#   make tune-redis                        the ways beside each other, some ten minutes
#   make tune-redis TUNE='--ways reconfigure --drifts edit'
#   make tune-redis JSON=tune.json         the results as JSON as well
TUNE ?=

.PHONY: tune-redis tune-redis-parts
verify: tune-redis
tune-redis: build tune-redis-parts ## let the wants of a redis-server's users drift and compare ways to tune it (TUNE='--seed 2' JSON=file)
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/tune-redis ./examples/tune-redis
	$(BIN)/tune-redis --bin $(BIN) --json '$(JSON)' $(TUNE)

tune-redis-parts: ## build what the ways of tune-redis are made of
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/strategy-guess ./examples/tune-redis/strategy-guess
	GOOS=wasip1 GOARCH=wasm CGO_ENABLED=0 $(GO) build -buildmode=c-shared -trimpath -o $(BIN)/model-redis.wasm ./examples/tune-redis/model
