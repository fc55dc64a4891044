#!/bin/sh
# Runs all tests with the race detector: unit, the conformance of provider
# local, and end to end. What needs root is skipped, with its remedy, when
# there is neither root nor sudo.
set -eu
cd "$(dirname "$0")/.."

go tool gotestsum --format pkgname-and-test-fails --junitfile junit.xml -- -race "$@" ./...
