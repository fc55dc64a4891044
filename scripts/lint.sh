#!/bin/sh
# Lints Go, shell and the scenarios.
set -eu
cd "$(dirname "$0")/.."

# golangci-lint is pinned and built once; it stays out of go.mod, which is our
# users' module graph.
version=v2.15.0
bin=$(go env GOPATH)/bin/golangci-lint
if ! "$bin" version 2>/dev/null | grep -q "${version#v}"; then
	go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$version"
fi
"$bin" run ./...
git ls-files '*.sh' .ci/run | xargs shellcheck
if git ls-files --stage 'scripts/*.sh' .ci/run | grep -v '^100755'; then
	echo "lint: these cannot be run: git update-index --chmod=+x FILE" >&2
	exit 1
fi
go tool benchtest lint ./scenarios
