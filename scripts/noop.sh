#!/bin/sh
# An engine that does nothing must fail every scenario with something to fix,
# and none may be errored: a benchmark that passes it measures nothing.
# Arguments go to go test: scripts/noop.sh -tags incus. BENCHTEST_SCENARIOS, as
# always, chooses some.
set -eu
cd "$(dirname "$0")/.."

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
status=0
BENCHTEST_REPORT_DIR=$out go test ./scenarios/... "$@" -benchtest.engine=noop >"$out/log" 2>&1 || status=$?
count() { grep -c "\"event\":\"attempt_finished\".*\"outcome\":\"$1\"" "$out/events.jsonl" || true; }
fixed=$(go tool benchtest list --json ${BENCHTEST_SCENARIOS:+-s "$BENCHTEST_SCENARIOS"} ./scenarios | grep -c '"expect": "fixed"')
if [ "$status" != 1 ] || [ "$(count failed)" != "$fixed" ] || [ "$(count errored)" != 0 ]; then
	cat "$out/log"
	echo "noop: exit status $status (want 1), $(count failed) failed (want $fixed), $(count errored) errored (want 0)" >&2
	exit 1
fi
echo "noop: failed all $fixed scenarios with something to fix"
