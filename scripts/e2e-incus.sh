#!/bin/sh
# Runs the conformance suite and every scenario, with the oracle and without an
# engine's help, on Incus; and kills the daemon in the middle of a run, where it
# is ours. Starts a private daemon where none runs, and stops what it started.
# CONFORMANCE=done leaves the suite out, for who has just run it. `nginx` runs
# that group alone, by the command line of the README. Exit 0 only if all of it
# ran and went as it must.
set -eu
cd "$(dirname "$0")/.."

say() { echo "e2e-incus: $*"; }

if scripts/incus.sh status >/dev/null 2>&1; then
	was=running
else
	was=
fi
out=$(mktemp -d)
trap 'rm -rf "$out"; [ -n "$was" ] || scripts/incus.sh stop' EXIT
trap 'exit 130' INT TERM
reached=$(scripts/incus.sh start)
# shellcheck disable=SC2163 # NAME=value
export "$reached"

# on_incus: the run that wrote to $out skipped nothing, and was on incus.
on_incus() {
	if grep -q '"outcome":"skipped"' "$out/events.jsonl" || grep '"provider":"' "$out/events.jsonl" | grep -vq '"provider":"incus"' ||
		! grep -q '"outcome":"passed"' "$out/events.jsonl"; then
		say "not all of it ran on incus: see above" >&2
		exit 1
	fi
}

if [ "${1:-}" = nginx ]; then
	say "nginx with the oracle, at $reached"
	BENCHTEST_REPORT_DIR=$out go test ./scenarios/... -tags incus -run nginx
	on_incus
	BENCHTEST_SCENARIOS=nginx/001-broken-config,nginx/002-port-taken scripts/noop.sh -tags incus
	exit
fi

if [ "${CONFORMANCE:-}" != "done" ]; then
	say "the conformance of provider incus"
	go test -count=1 -timeout 30m ./providers/incus
fi

say "every scenario with the oracle, at $reached"
BENCHTEST_REPORT_DIR=$out scripts/bench.sh -tags incus -count=1 -timeout 0
on_incus

say "every scenario with an engine that does nothing"
scripts/noop.sh -tags incus -count=1 -timeout 0

if [ -n "${INCUS_DIR:-}" ]; then
	say "a daemon that is killed in the middle of a run"
	BENCHTEST_TEST_DAEMON=1 go test -count=1 -timeout 15m -run '^TestDaemonKilled$' -v ./providers/incus
else
	say "the daemon is the system's: it is not killed"
fi
say "all of it ran, and went as it must"
