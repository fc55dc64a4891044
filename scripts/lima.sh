#!/bin/sh
# Runs provider lima for real: its conformance suite, and scenarios with the
# oracle (they pass) and with an engine that does nothing (they fail that have
# something to fix). ALL=1 takes every check and every scenario; without it two
# scenarios and the checks that boot nothing anew, since a boot takes minutes
# where there is no acceleration. `lima.sh bars` measures the speed bar alone,
# `lima.sh scenarios` and `lima.sh conformance` make that part alone.
#
# limactl refuses root. As root this installs what is missing, makes an ordinary
# account (BENCHTEST_LIMA_USER, default bench) with a copy of this checkout, and
# goes on as that; otherwise it goes on as whoever called.
set -eu
cd "$(dirname "$0")/.."
what=${1-all}

missing=
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need qemu-system-x86_64 qemu-system-x86
need qemu-img qemu-utils
need ssh openssh-client

as_root() {
	if [ -n "$missing" ]; then
		# shellcheck disable=SC2086 # it holds words on purpose
		{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing extlinux; } >/dev/null
	fi
	user=${BENCHTEST_LIMA_USER:-bench}
	id "$user" >/dev/null 2>&1 || useradd --create-home --shell /bin/sh "$user"
	home=$(getent passwd "$user" | cut -d: -f6)
	build_limactl /usr/local/lib/benchtest
	# The disk that templates stand on is made by root, for everybody, once.
	scripts/images.sh --disk debian-base

	copy=$home/benchtest-lima
	rm -rf "$copy"
	mkdir -p "$copy"
	git ls-files -co --exclude-standard -z | tar --create --null --files-from - | tar --extract --directory "$copy"
	chown -R "$user" "$copy"
	# Its modules are ours, as a proxy; a root's cache is closed to others.
	modules=$home/.cache/benchtest-modules
	rm -rf "$modules"
	mkdir -p "$modules" "$home/.cache"
	go mod download
	cp -al "$(go env GOMODCACHE)/cache/download/." "$modules/" 2>/dev/null || cp -a "$(go env GOMODCACHE)/cache/download/." "$modules/"
	chown "$user" "$home/.cache"
	exec runuser -u "$user" -- env -i "HOME=$home" "USER=$user" "LOGNAME=$user" "PATH=$(go env GOROOT)/bin:$PATH" \
		"TERM=${TERM:-dumb}" "BENCHTEST_LIMACTL=$limactl" "BENCHTEST_LIMA_QEMU=${BENCHTEST_LIMA_QEMU:-}" "ALL=${ALL:-}" \
		"GOPROXY=file://$modules,$(go env GOPROXY)" "$copy/scripts/lima.sh" "$what"
}

# build_limactl DIR: limactl is what PATH has, else one of a pinned version.
build_limactl() {
	limactl=${BENCHTEST_LIMACTL:-$(command -v limactl || true)}
	[ -z "$limactl" ] || return 0
	limactl=$1/limactl-1.2.2
	[ -x "$limactl" ] || (
		mkdir -p "$1"
		cd scripts/tools
		GOFLAGS='' go build -ldflags '-s -w -X github.com/lima-vm/lima/pkg/version.Version=1.2.2' \
			-o "$limactl" github.com/lima-vm/lima/cmd/limactl
	)
}

[ "$(id -u)" != 0 ] || as_root

if [ -n "$missing" ]; then
	echo "lima: run as root, or once by hand: sudo apt-get install$missing" >&2
	exit 1
fi
build_limactl "$HOME/.cache/benchtest"
export BENCHTEST_LIMACTL="$limactl"

if [ "$what" = bars ]; then
	ONLY=lima-reset REQUIRE=lima-reset exec go run ./benchtest/perf
fi

case $what in all | scenarios | conformance) ;; *) echo "lima: no $what: scenarios, conformance, bars, or nothing for the first two" >&2; exit 2 ;; esac

if [ "$what" != scenarios ]; then
	echo "lima: conformance, with $("$limactl" --version)"
	BENCHTEST_LIMA_TEST=$([ -n "${ALL:-}" ] && echo all || echo some) go test -count=1 -timeout 60m ./providers/lima/...
	[ "$what" = all ] || exit 0
fi

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
count() { grep -c "\"event\":\"attempt_finished\".*\"outcome\":\"$2\"" "$out/$1/events.jsonl" || true; }
if [ -n "${ALL:-}" ]; then
	run=. all=$(go tool benchtest list --json ./scenarios | grep -c '"expect": ')
	fixed=$(go tool benchtest list --json ./scenarios | grep -c '"expect": "fixed"')
else
	run="nginx/00[12]" all=2 fixed=2
fi

echo "lima: the oracle"
BENCHTEST_REPORT_DIR=$out/oracle go test ./scenarios/... -tags lima -run "$run" -timeout 0
[ "$(count oracle passed)" = "$all" ] || { echo "lima: $(count oracle passed) passed, want $all" >&2; exit 1; }
if grep '"provider":"' "$out/oracle/events.jsonl" | grep -vq '"provider":"lima"'; then
	echo "lima: attempts ran on another provider" >&2
	exit 1
fi

echo "lima: an engine that does nothing"
status=0
BENCHTEST_REPORT_DIR=$out/noop go test ./scenarios/... -tags lima -run "$run" -timeout 0 -benchtest.engine=noop >"$out/log" 2>&1 || status=$?
if [ "$status" != 1 ] || [ "$(count noop failed)" != "$fixed" ] || [ "$(count noop errored)" != 0 ]; then
	cat "$out/log"
	echo "lima: exit status $status (want 1), $(count noop failed) failed (want $fixed), $(count noop errored) errored (want 0)" >&2
	exit 1
fi
left=$(go tool benchtest sandbox purge -m lima --json 2>/dev/null | grep -c '"id"' || true)
echo "lima: the oracle passed $all scenarios, doing nothing failed $fixed; purge found $left leftovers"
