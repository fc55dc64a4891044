#!/bin/sh
# Runs the conformance suite and every scenario, with the oracle and without an
# engine's help, on Incus. Starts a private daemon where none runs, and stops
# what it started. Exit 0 only if all of it ran and went as it must.
set -eu
cd "$(dirname "$0")/.."

if scripts/incus.sh status >/dev/null 2>&1; then
	was=running
else
	was=
fi
reached=$(scripts/incus.sh start)
# shellcheck disable=SC2163 # NAME=value
export "$reached"
trap '[ -n "$was" ] || scripts/incus.sh stop' EXIT
trap 'exit 130' INT TERM

go test -count=1 -timeout 30m ./providers/incus
out=$(mktemp -d)
trap 'rm -rf "$out"; [ -n "$was" ] || scripts/incus.sh stop' EXIT
BENCHTEST_REPORT_DIR=$out scripts/bench.sh -tags incus -count=1 -timeout 0
if grep -q '"outcome":"skipped"' "$out/events.jsonl" || ! grep -q '"provider":"incus"' "$out/events.jsonl"; then
	echo "e2e-incus: not all of it ran on incus: see above" >&2
	exit 1
fi
scripts/noop.sh -tags incus -count=1 -timeout 0
