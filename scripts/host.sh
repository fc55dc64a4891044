#!/bin/sh
# Runs provider host for real, where nobody has hosts to spare: its conformance
# suite, and all scenarios with the oracle (all pass) and with an engine that
# does nothing (all fail that have something to fix). The hosts are machines of
# provider local, reached over TCP with their own SSH servers; they are made
# here and gone at the end. As root, as provider local is.
#
#   scripts/host.sh quick    one scenario on one host, for CI: rounds, attempts
#                            at once, two processes at once, and doing nothing
set -eu
cd "$(dirname "$0")/.."

mode=${1-all}
case $mode in
all | quick)
	farm=$(mktemp)
	trap 'rm -f "$farm"' EXIT
	go build -o "$farm" ./benchtest/cmd/hostfarm
	if [ "$mode" = quick ]; then
		"$farm" web1=debian-nginx:agent -- "$0" quick-suite
		exit
	fi
	go test -count=1 ./providers/host/...
	# Two by the names that scenarios use, and two that are chosen by template;
	# two that let root in, and two where somebody has to sudo.
	"$farm" web1=debian-nginx:agent api1=debian-base spare1=debian-base:agent spare2=debian-base -- "$0" suite
	exit
	;;
esac

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
# count DIRECTORY OUTCOME: attempts of a run
count() { grep -c "\"event\":\"attempt_finished\".*\"outcome\":\"$2\"" "$out/$1/events.jsonl" || true; }
# run DIRECTORY ARGS...: the suite on the hosts
run() {
	dir=$out/$1
	shift
	BENCHTEST_REPORT_DIR=$dir go test ./scenarios/... -tags host -timeout 30m "$@"
}
# passed DIRECTORY NUMBER: that many attempts have passed
passed() { [ "$(count "$1" passed)" = "$2" ] || { echo "host: $(count "$1" passed) passed, want $2" >&2; exit 1; }; }

if [ "$mode" = quick-suite ]; then
	one=nginx/001-broken-config
	run rounds -run "$one" -count=2 -benchtest.iter=2 >/dev/null
	passed rounds 4
	run left -run "$one" >"$out/left.log" &
	run right -run "$one" >"$out/right.log"
	wait $! || { cat "$out/left.log" >&2; exit 1; }
	passed left 1
	passed right 1
	status=0
	run noop -run "$one" -benchtest.engine=noop >"$out/log" || status=$?
	if [ "$status" != 1 ] || [ "$(count noop failed)" != 1 ]; then
		cat "$out/log" >&2
		exit 1
	fi
	echo "host: $one passed in two rounds of two attempts and in two processes at one host, and doing nothing failed it"
	exit
fi

all=$(go tool benchtest list --json ./scenarios | grep -c '"expect": ')
fixed=$(go tool benchtest list --json ./scenarios | grep -c '"expect": "fixed"')

# The hosts share the cores of this machine.
BENCHTEST_MAX_CONCURRENT=$(nproc)
export BENCHTEST_MAX_CONCURRENT

echo "host: the oracle at all scenarios"
run oracle
passed oracle "$all"
if grep '"provider":"' "$out/oracle/events.jsonl" | grep -vq '"provider":"host"'; then exit 1; fi

echo "host: six attempts at one host, of two rounds"
run iter -run nginx/003-false-alarm -count=2 -benchtest.iter=3
passed iter 6

echo "host: an engine that does nothing"
status=0
run noop -benchtest.engine=noop >"$out/log" 2>&1 || status=$?
if [ "$status" != 1 ] || [ "$(count noop failed)" != "$fixed" ] || [ "$(count noop errored)" != 0 ]; then
	cat "$out/log"
	echo "host: exit status $status (want 1), $(count noop failed) failed (want $fixed), $(count noop errored) errored (want 0)" >&2
	exit 1
fi
echo "host: the oracle passed all $all scenarios, doing nothing failed all $fixed with something to fix"
