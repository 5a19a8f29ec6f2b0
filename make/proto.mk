# The generated Go of the plugin protocol. protoc comes from the system
# (Debian: protobuf-compiler), the two generators from tools/proto/go.mod.
PROTO_DIR   := sdk/proto
PROTO_FILES := $(PROTO_DIR)/homeostat/plugin/v1/plugin.proto
PROTO_BIN   := .cache/proto

.PHONY: proto
proto: ## write the Go code of the plugin protocol anew (needs protoc)
	@command -v protoc >/dev/null || { echo "proto: protoc is missing; on Debian: apt-get install protobuf-compiler"; exit 1; }
	cd tools/proto && go build -o ../../$(PROTO_BIN)/ google.golang.org/protobuf/cmd/protoc-gen-go google.golang.org/grpc/cmd/protoc-gen-go-grpc
	PATH="$(CURDIR)/$(PROTO_BIN):$$PATH" protoc -I $(PROTO_DIR) \
		--go_out=$(PROTO_DIR) --go_opt=paths=source_relative \
		--go-grpc_out=$(PROTO_DIR) --go-grpc_opt=paths=source_relative \
		$(patsubst $(PROTO_DIR)/%,%,$(PROTO_FILES))
