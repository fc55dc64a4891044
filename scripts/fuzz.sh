#!/bin/sh
# Fuzzes every target for FUZZTIME each (default 5s), one after the other, and
# fails when one finds something.
set -eu
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
# Only packages that have a target are built.
for dir in $(git grep -l '^func Fuzz' -- '*_test.go' | xargs -n 1 dirname | sort -u); do
	targets=$(go test -list '^Fuzz' "./$dir")
	for target in $(echo "$targets" | grep '^Fuzz' || true); do
		# What only widens the coverage is not worth a minute of minimising.
		if go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-5s}" -fuzzminimizetime 1s "./$dir" >"$log" 2>&1; then
			echo "ok    $dir $target: $(grep -o 'execs: [0-9]*' "$log" | tail -n 1)"
			continue
		fi
		failed=1
		echo "FAIL  $dir $target"
		cat "$log"
		sed -n "s,^ *Failing input written to \(.*\),mend it, then name and commit $dir/\1,p" "$log"
	done
done
exit "$failed"
