#!/bin/sh
# Fuzzes every target for FUZZTIME each (default 5s), one after the other, and
# fails when one finds something.
set -eu
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
# Only packages that have a target are built, and each of them once.
for dir in $(git grep -l '^func Fuzz' -- '*_test.go' | xargs -n 1 dirname | sort -u); do
	targets=$(go test -c -fuzz . -o "$work/fuzz.test" "./$dir" && cd "$dir" && "$work/fuzz.test" -test.list '^Fuzz')
	for target in $targets; do
		# What only widens the coverage is not worth a minute of minimising. The
		# cache is fresh, so that every run begins with the committed corpus.
		if (cd "$dir" && "$work/fuzz.test" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "${FUZZTIME:-5s}" \
			-test.fuzzminimizetime 1s -test.fuzzcachedir "$work/cache") >"$work/log" 2>&1; then
			echo "ok    $dir $target: $(grep -o 'execs: [0-9]*' "$work/log" | tail -n 1)"
			continue
		fi
		failed=1
		echo "FAIL  $dir $target"
		cat "$work/log"
		sed -n "s|^ *Failing input written to \(.*\)|mend it, then name and commit $dir/\1|p" "$work/log"
	done
	rm -rf "$work/cache"
done
exit "$failed"
