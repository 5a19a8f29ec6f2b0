#!/usr/bin/env bash
# Proves that every import rule of .golangci.yml fires: plants one violation
# for each in a copy of the tree and wants depguard to name it.
set -euo pipefail
cd "$(dirname "$0")/../.."
lint=$(bash tools/lint/lint.sh --path)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cp go.mod go.sum .golangci.yml "$tmp/"

home=github.com/homeostat/homeostat
# rule | folder of the planted file | the import that must be refused
planted=(
	"sdk|sdk|github.com/BurntSushi/toml"
	"wire|sdk/wire|github.com/BurntSushi/toml"
	"serve|sdk/serve|github.com/tetratelabs/wazero"
	"host-is-private|sandbox|$home/host/config"
	"host-is-private|plugins/detector-x/x|$home/host/config"
	"host-is-private|examples/x|$home/host/config"
	"plugins|plugins/detector-x/x|$home/sandbox"
	"plugins|plugins/detector-x/x|$home/sdk/wire"
	"sandbox|sandbox|$home/sdk"
	"only-plugin-host-uses-go-plugin|host/heal|github.com/hashicorp/go-plugin"
	"only-plugin-host-uses-go-plugin|host/heal|$home/sdk/wire"
	"only-app-wires|host/api|$home/host/app"
	"rooms|host/heal|$home/host/config"
	"room-heal|host/heal|$home/host/component"
	"room-component|host/component|$home/host/heal"
	"room-api|host/api|$home/host/heal"
	"room-guard|host/guard|$home/host/config"
	"pure|host/breaker|os"
	"pure|host/ratelimit|net"
	"pure|host/screen/shell|os"
	"no-templates|host/api|html/template"
	"no-templates|host/api|text/template"
	"gopsutil-process|host/observe|github.com/shirou/gopsutil/v3/process"
)
bad=0
for entry in "${planted[@]}"; do
	IFS='|' read -r rule dir pkg <<<"$entry"
	rm -rf "$tmp/tree" && mkdir -p "$tmp/tree/$dir"
	cp go.mod go.sum .golangci.yml "$tmp/tree/"
	printf '// Package planted breaks a rule.\npackage planted\n\nimport _ "%s"\n' "$pkg" >"$tmp/tree/$dir/planted.go"
	out=$(cd "$tmp/tree" && "$lint" run --enable-only depguard "./$dir/..." 2>&1 || true)
	if ! grep -q "from list '$rule'" <<<"$out"; then
		echo "planted: rule $rule does not fire on $pkg in $dir:" && echo "$out" | head -5
		bad=1
	fi
done
[ "$bad" = 0 ] && echo "planted: ${#planted[@]} violations planted, every one found"
exit "$bad"
