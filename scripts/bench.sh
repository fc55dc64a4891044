#!/bin/sh
# Runs every scenario with the oracle. The first run builds the templates.
# Arguments go to go test: scripts/bench.sh -run nginx
set -eu
cd "$(dirname "$0")/.."

out=${BENCHTEST_REPORT_DIR:-$PWD/bench-report}
BENCHTEST_REPORT_DIR=$out go test ./scenarios/... "$@"
# go test hides what a passing package prints; the suite writes its summary on
# the terminal itself, and where there is none it is shown here.
[ -t 1 ] || cat "$out/summary.txt"
