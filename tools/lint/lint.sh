#!/usr/bin/env bash
# Runs golangci-lint, built once per version from the module beside this file.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
version=$(awk '$1 == "github.com/golangci/golangci-lint/v2" {print $2}' "$here/go.mod")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/homeostat-tools
bin=$cache/golangci-lint-$version-$(go env GOVERSION)
if [ ! -x "$bin" ]; then
	echo "lint: building golangci-lint $version (about a minute, once)" >&2
	mkdir -p "$cache"
	(cd "$here" && go build -o "$bin.tmp" github.com/golangci/golangci-lint/v2/cmd/golangci-lint)
	mv "$bin.tmp" "$bin"
fi
if [ "${1:-}" = --path ]; then
	echo "$bin"
	exit 0
fi
exec "$bin" run "${@:-./...}"
