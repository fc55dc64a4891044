#!/bin/sh
# Runs provider host for real, where nobody has hosts to spare: its conformance
# suite, and all scenarios with the oracle (all pass) and with an engine that
# does nothing (all fail that have something to fix). The hosts are machines of
# provider local, reached over TCP with their own SSH servers; they are made
# here and gone at the end. As root, as provider local is.
set -eu
cd "$(dirname "$0")/.."

if [ "${1-}" != suite ]; then
	go test -count=1 ./providers/host/...
	go build -o "${TMPDIR:-/tmp}/hostfarm.$$" ./benchtest/cmd/hostfarm
	trap 'rm -f "${TMPDIR:-/tmp}/hostfarm.$$"' EXIT
	# Two by the names that scenarios use, and two that are chosen by template;
	# two that let root in, and two where somebody has to sudo.
	"${TMPDIR:-/tmp}/hostfarm.$$" web1=debian-nginx:agent api1=debian-base spare1=debian-base:agent spare2=debian-base \
		-- "$0" suite
	exit
fi

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
count() { grep -c "\"event\":\"attempt_finished\".*\"outcome\":\"$2\"" "$out/$1/events.jsonl" || true; }
all=$(go tool benchtest list --json ./scenarios | grep -c '"expect": ')
fixed=$(go tool benchtest list --json ./scenarios | grep -c '"expect": "fixed"')

# The hosts share the cores of this machine.
BENCHTEST_MAX_CONCURRENT=$(nproc)
export BENCHTEST_MAX_CONCURRENT

echo "host: the oracle at all scenarios"
BENCHTEST_REPORT_DIR=$out/oracle go test ./scenarios/... -tags host -timeout 30m
[ "$(count oracle passed)" = "$all" ] || { echo "host: $(count oracle passed) passed, want $all" >&2; exit 1; }
if grep '"provider":"' "$out/oracle/events.jsonl" | grep -vq '"provider":"host"'; then exit 1; fi

echo "host: six attempts at one host, of two rounds"
BENCHTEST_REPORT_DIR=$out/iter go test ./scenarios/... -tags host -timeout 30m -run nginx/003-false-alarm -count=2 -benchtest.iter=3
[ "$(count iter passed)" = 6 ] || { echo "host: $(count iter passed) passed, want 6" >&2; exit 1; }

echo "host: an engine that does nothing"
status=0
BENCHTEST_REPORT_DIR=$out/noop go test ./scenarios/... -tags host -timeout 30m -benchtest.engine=noop >"$out/log" 2>&1 || status=$?
if [ "$status" != 1 ] || [ "$(count noop failed)" != "$fixed" ] || [ "$(count noop errored)" != 0 ]; then
	cat "$out/log"
	echo "host: exit status $status (want 1), $(count noop failed) failed (want $fixed), $(count noop errored) errored (want 0)" >&2
	exit 1
fi
echo "host: the oracle passed all $all scenarios, doing nothing failed all $fixed with something to fix"
