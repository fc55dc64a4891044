#!/bin/sh
# Makes a cluster of three Incus daemons on this machine, uses it as one server,
# takes a member away while machines run on it and in the middle of a run of
# scenarios, and removes the cluster. As root.
set -eu
cd "$(dirname "$0")/.."

trap 'scripts/incus-cluster.sh stop' EXIT
trap 'exit 130' INT TERM
reached=$(scripts/incus-cluster.sh start)
# shellcheck disable=SC2163 # NAME=value
export "$reached"
BENCHTEST_TEST_CLUSTER=1 go test -count=1 -timeout 30m -run '^TestCluster' -v ./providers/incus
