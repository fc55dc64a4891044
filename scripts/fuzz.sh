#!/bin/sh
# Fuzzes every target for FUZZTIME each (default 5s), with one worker a core,
# and fails when one finds something. FUZZTIME=2000x counts executions instead:
# no load of the machine makes that cut an input short. With a directory, only
# the targets of that package.
set -eu
self=$(realpath "$0")
cd "$(dirname "$0")/.."

# Most of a short run is building and starting: that of one package goes on
# beside the fuzzing of another, rather than two workers on one target.
if [ $# -eq 0 ]; then
	git grep -l '^func Fuzz' -- '*_test.go' | xargs -n 1 dirname | sort -u | xargs -n 1 -P "$(nproc)" "$self"
	exit
fi

dir=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
# Only packages that have a target are built, and each of them once.
targets=$(go test -c -fuzz . -o "$work/fuzz.test" "./$dir" && cd "$dir" && "$work/fuzz.test" -test.list '^Fuzz')
for target in $targets; do
	# What only widens the coverage is not worth a minute of minimising. The
	# cache is fresh, so that every run begins with the committed corpus.
	if (cd "$dir" && "$work/fuzz.test" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "${FUZZTIME:-5s}" \
		-test.parallel 1 -test.fuzzminimizetime 100x -test.fuzzcachedir "$work/cache") >"$work/log" 2>&1; then
		echo "ok    $dir $target: $(grep -o 'execs: [0-9]*' "$work/log" | tail -n 1)"
		continue
	fi
	failed=1
	remedy=$(sed -n "s|^ *Failing input written to \(.*\)|mend it, then name and commit $dir/\1|p" "$work/log")
	printf 'FAIL  %s\n%s\n%s\n' "$dir $target" "$(cat "$work/log")" "$remedy" # at once: others write too
done
exit "$failed"
