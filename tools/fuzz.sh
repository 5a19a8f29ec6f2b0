#!/usr/bin/env bash
# Runs every fuzz target of the tree for the given time (default 20s) each.
set -euo pipefail
cd "$(dirname "$0")/.."
span=${1:-20s}
bad=0
while IFS=: read -r file name; do
	dir=./$(dirname "$file")
	echo "== $dir $name"
	go test -run '^$' -fuzz "^$name\$" -fuzztime "$span" "$dir" || bad=1
done < <(git grep -hoE '^func Fuzz[A-Za-z0-9_]+' --full-name -- '*_test.go' | sed 's/func //' | while read -r name; do
	git grep -lE "^func $name\(" -- '*_test.go' | sed "s/\$/:$name/"
done | sort -u)
exit "$bad"
