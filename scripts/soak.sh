#!/bin/sh
# Works at all scenarios with the oracle for hours, in chunks that are recorded
# as they end: started again, however it was ended, it goes on where it was.
#
#	scripts/soak.sh [DIR]           DIR keeps its state; default: /var/tmp/benchtest-hours
#	scripts/soak.sh --report [DIR]  how it stands
#
# SOAK_ATTEMPTS (2000) is how many attempts there are to be, SOAK_ITER (10) how
# many of them a chunk makes at each scenario, SOAK_SCENARIOS (scenarios) where
# these are. The program is built once: remove DIR to begin anew.
set -eu
cd "$(dirname "$0")/.."

report=no
if [ "${1:-}" = --report ]; then
	report=yes
	shift
fi
dir=${1:-/var/tmp/benchtest-hours}
scenarios=$(cd "${SOAK_SCENARIOS:-scenarios}" && pwd)
iter=${SOAK_ITER:-10}
chunk=$dir/chunk # the one at work: pid, log, gauges, and the suite's report
state=$dir/chunks # a line for each that has ended

# totals prints the report. It is true when the soak holds so far: at most one
# attempt of 500 errored, none failed, nothing left behind.
totals() {
	touch "$state"
	awk '
		{ for (i = 1; i <= NF; i++) { split($i, kv, "="); v[kv[1]] = kv[2] }
		  for (k in v) { sum[k] += v[k]; if (v[k] > max[k] + 0) max[k] = v[k] }
		  if (NR == 1) { first_rss = v["rss_kib"]; first_files = v["files"] } }
		END {
			bad = sum["failed"] + sum["unsafe"] + sum["timeout"] + sum["skipped"]
			printf "chunks %d, attempts %d: passed %d, failed %d, unsafe %d, timeout %d, errored %d, skipped %d\n", NR, sum["attempts"],
				sum["passed"], sum["failed"], sum["unsafe"], sum["timeout"], sum["errored"], sum["skipped"]
			printf "errored %.2f %% (at most 0.20), not passed for other reasons %d (none)\n", sum["attempts"] ? 100 * sum["errored"] / sum["attempts"] : 0, bad
			printf "worst of a chunk: %d files, %d threads, %d MiB resident; of the first: %d files, %d MiB\n",
				max["files"], max["threads"], max["rss_kib"] / 1024, first_files, first_rss / 1024
			printf "left behind by all chunks: %d things\n", sum["left"]
			printf "wall time %dh%02dm%02ds, %.1f s an attempt\n", sum["seconds"] / 3600, sum["seconds"] % 3600 / 60, sum["seconds"] % 60,
				sum["attempts"] ? sum["seconds"] / sum["attempts"] : 0
			exit bad > 0 || sum["left"] > 0 || sum["errored"] * 500 > sum["attempts"]
		}' "$state"
}

# gauge notes what the suite has, once a second for as long as it lives.
gauge() {
	while [ ! -s "$chunk/pid" ]; do sleep 0.1; done
	pid=$(cat "$chunk/pid")
	while [ -d "/proc/$pid/fd" ] && [ "$(readlink "/proc/$pid/exe")" != "" ]; do
		files=$(find "/proc/$pid/fd" -mindepth 1 2>/dev/null | wc -l)
		awk -v files="$files" '/^VmRSS/ { rss = $2 } /^Threads/ { threads = $2 } END { print files, threads + 0, rss + 0 }' \
			"/proc/$pid/status" 2>/dev/null || true
		sleep 1
	done >>"$chunk/gauges"
}

# left names what is still there of the run $1.
left() {
	pgrep -af "$dir/suite " || true
	grep -F "$dir/home" /proc/self/mounts || true
	grep -lsF "$dir/home" /sys/block/loop*/loop/backing_file || true
	grep -lsF "\"$dir/home\"" /run/benchtest/*/machine.json /run/benchtest/networks/*/network.json || true
	for path in "/sys/fs/cgroup/benchtest/$1" /sys/fs/cgroup/*/"benchtest/$1" "$dir"/home/leases/*; do
		[ ! -e "$path" ] || echo "$path"
	done
}

# work makes one chunk. The suite is in the foreground, so that a Ctrl-C is its own.
work() {
	rm -rf "$chunk"
	mkdir -p "$chunk"
	gauge 9>&- &
	date +%s >"$chunk/begun"
	status=0
	(
		cd "$scenarios"
		export BENCHTEST_HOME="$dir/home"
		# shellcheck disable=SC2016 # its own variables
		exec sh -c 'echo $$ >"$0/pid" && exec "$@"' "$chunk" "$dir/suite" -test.timeout=0 "-benchtest.iter=$iter" "-benchtest.report-dir=$chunk/report"
	) >"$chunk/log" 2>&1 || status=$?
	date +%s >"$chunk/ended"
	wait
	return "$status"
}

# record enters the chunk, if it came to its end.
record() {
	events=$chunk/report/events.jsonl
	grep -qs '^{"event":"run_finished"' "$events" || return 0
	count() { grep -c "^{\"event\":\"attempt_finished\".*\"outcome\":\"$1\"" "$events" || true; }
	run=$(sed -n '1s/.*"run_id":"\([^"]*\)".*/\1/p' "$events")
	if grep -q " run=$run " "$state"; then # and we were killed before this
		rm -rf "$chunk"
		return
	fi
	if grep -qs '"reason":"[^"]*the run was cut: interrupted by ' "$events"; then # by somebody, so it says nothing
		rm -rf "$chunk"
		return
	fi
	for _ in 1 2 3 4; do # the suite has just ended; its helpers have two seconds
		left "$run" >"$chunk/left"
		[ -s "$chunk/left" ] || break
		sleep 0.5
	done
	n=$(($(wc -l <"$state") + 1))
	[ -e "$chunk/ended" ] || stat -c %Y "$events" >"$chunk/ended" # nobody was there to note it
	line="chunk=$n run=$run attempts=$(grep -c '^{"event":"attempt_finished"' "$events" || true)"
	for outcome in passed failed unsafe timeout errored skipped; do line="$line $outcome=$(count $outcome)"; done
	line="$line $(sort -n "$chunk/gauges" | awk '$1 > f { f = $1 } $2 > t { t = $2 } $3 > r { r = $3 } END { printf "files=%d threads=%d rss_kib=%d", f, t, r }')"
	line="$line left=$(wc -l <"$chunk/left") seconds=$(($(cat "$chunk/ended") - $(cat "$chunk/begun")))"
	echo "$line" >>"$state"
	echo "$line"
	# What tells why something did not pass is kept.
	case $line in
	*" failed=0 unsafe=0 timeout=0 errored=0 skipped=0 "*" left=0 "*) rm -rf "$chunk" "$dir/home/runs/$run" ;;
	*) mv "$chunk" "$dir/chunk-$n" ;;
	esac
}

done_so_far() { awk '{ split($3, kv, "="); n += kv[2] } END { print n + 0 }' "$state"; }

if [ "$report" = yes ]; then
	totals
	exit
fi
mkdir -p "$dir"
touch "$state"
# The suite inherits the lock: one that outlived its script is waited for.
exec 9>"$dir/lock"
flock -n 9 || { echo "soak: another one is at work in $dir, or its last chunk: waiting" >&2 && flock 9; }
record
[ -x "$dir/suite" ] || (cd "$scenarios" && go test -c -o "$dir/suite" .)
trap 'echo "soak: interrupted; the chunk is made again next time" >&2; rm -rf "$chunk"; exit 130' INT
until [ "$(done_so_far)" -ge "${SOAK_ATTEMPTS:-2000}" ]; do
	work || true # how it ended stands in its events
	[ -s "$chunk/report/events.jsonl" ] || { cat "$chunk/log" && exit 2; }
	record
	if [ -d "$chunk" ]; then
		cat "$chunk/log"
		echo "soak: the chunk did not come to its end" >&2
		exit 2
	fi
done
totals
