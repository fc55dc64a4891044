#!/bin/sh
# unless-passed.sh NAME PATH... -- COMMAND...: runs the command, unless it has
# passed on this machine with the same committed contents of these paths. It is
# for suites that take minutes; FORCE=1 runs them all the same. What it
# remembers are empty files in ~/.cache/benchtest-passed.
set -eu
cd "$(dirname "$0")/.."
name=$1
shift
trees=
while [ "$1" != -- ]; do
	trees="$trees $(git rev-parse "HEAD:$1")" # fails for a path that is not there
	shift
done
shift
dir=${XDG_CACHE_HOME:-$HOME/.cache}/benchtest-passed
stamp=$dir/$name-$(echo "$trees" | sha256sum | cut -c1-32)
changed=$(git status --porcelain)
if [ -e "$stamp" ] && [ -z "$changed" ] && [ -z "${FORCE:-}" ]; then
	echo "$name: passed here at $(date -Iseconds -r "$stamp") with the same contents: not run again (FORCE=1)"
	exit 0
fi
"$@"
[ -z "$changed" ] || exit 0 # what passed is no commit's
mkdir -p "$dir"
: >"$stamp"
