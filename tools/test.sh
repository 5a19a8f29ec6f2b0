#!/usr/bin/env bash
# The test suite, part by part. A part whose tools are missing is left out and
# listed; with CI=true a missing part is a failure. `make test PARTS="unit lint"`
# runs just those.
set -uo pipefail
cd "$(dirname "$0")/.."

# name | tools it needs | command
parts=(
	"lint||bash tools/lint/lint.sh"
	"rules||bash tools/lint/planted.sh"
	"build||make --no-print-directory build"
	"unit|gcc|go test -race -timeout 15m ./..."
	"services|nginx redis-server eprover|go test -timeout 15m -count=1 -tags services ./examples/realservices/... ./examples/safe-nginx/... ./examples/tune-redis/... ./examples/theorem-prover/..."
)
for extra in make/*.parts; do
	[ -f "$extra" ] || continue
	while IFS= read -r line; do
		case $line in '' | '#'*) ;; *) parts+=("$line") ;; esac
	done <"$extra"
done

wanted=${*:-}
left_out=() failed=() lines=()
for part in "${parts[@]}"; do
	IFS='|' read -r name tools command <<<"$part"
	if [ -n "$wanted" ] && [[ " $wanted " != *" $name "* ]]; then continue; fi
	missing=
	for tool in $tools; do
		PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null || missing="$missing $tool"
	done
	if [ -n "$missing" ]; then
		left_out+=("$name: needs$missing")
		continue
	fi
	echo "== $name: $command"
	began=$SECONDS
	if PATH=$PATH:/usr/sbin:/sbin bash -c "$command"; then result=ok; else result=FAILED failed+=("$name"); fi
	lines+=("$(printf '%-12s %-7s %4d s' "$name" "$result" $((SECONDS - began)))")
done

echo
printf '%s\n' "${lines[@]}"
for item in "${left_out[@]}"; do echo "left out     $item"; done
echo "parts: $((${#lines[@]} - ${#failed[@]})) passed, ${#failed[@]} failed, ${#left_out[@]} skipped"
if [ "${CI:-}" = true ] && [ ${#left_out[@]} -gt 0 ]; then failed+=("left out with CI=true"); fi
if [ ${#failed[@]} -gt 0 ]; then
	echo "test: failed: ${failed[*]}"
	exit 1
fi
