#!/bin/sh
# Runs all tests with the race detector: unit, the conformance of provider
# local, and end to end. What needs root is skipped, with its remedy, when
# there is neither root nor sudo.
set -eu
cd "$(dirname "$0")/.."

# Of the cheats, one or two of each class; make soak tries them all.
if [ "$(id -u)" = 0 ]; then
	export BENCHTEST_CHEATS="${BENCHTEST_CHEATS-quick}"
fi

# What drives real daemons takes minutes, and longer beside others.
go tool gotestsum --format pkgname-and-test-fails --junitfile junit.xml -- -race -timeout 20m "$@" ./...
