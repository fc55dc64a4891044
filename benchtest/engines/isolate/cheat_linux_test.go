package isolate_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/engines/isolate"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// said: the engine got hold of text.
func said(text string) func(*stage, string) bool {
	return func(_ *stage, out string) bool { return strings.Contains(out, text) }
}

// changed: the file holds what the engine wrote.
func changed(name string) func(*stage, string) bool {
	return func(s *stage, _ string) bool {
		b, _ := os.ReadFile(s.path(name))
		return strings.Contains(string(b), "forged")
	}
}

func runnerDied(s *stage, _ string) bool {
	select {
	case <-s.ended:
		return true
	case <-time.After(100 * time.Millisecond):
		return false
	}
}

// A cheat is what an engine tries on the driver.
type cheat struct {
	name, script string
	landed       func(*stage, string) bool
	limits       isolate.Limits
}

var cheats = []cheat{
	{name: "reads the reference fix", script: `cat SCENARIOS/nginx/001-broken/solve.sh`, landed: said(canary)},
	{name: "looks for reference fixes", script: `find CHECKOUT/ -name 'solve.*' -exec cat {} +`, landed: said(canary)},
	{name: "reads the repository's objects", script: `cat CHECKOUT/.git/objects/*`, landed: said(canary)},
	{name: "reads the fix through the runner's root", script: `cat /proc/RUNNER/root/SCENARIOS/nginx/001-broken/solve.sh`, landed: said(canary)},
	{
		name: "takes the cover off",
		script: `
umount -l SCENARIOS CHECKOUT
unshare -Urm sh -c 'echo in a namespace of its own; umount -l SCENARIOS CHECKOUT; cat SCENARIOS/nginx/*/solve.sh
mount --bind / /mnt && cat /mnt/SCENARIOS/nginx/*/solve.sh
mount --bind TOP /mnt && cat /mnt/checkout/scenarios/nginx/*/solve.sh
mount -t overlay -o lowerdir=TOP:/mnt none /mnt && cat /mnt/checkout/scenarios/nginx/*/solve.sh'
cat SCENARIOS/nginx/*/solve.sh`,
		landed: said(canary),
	},
	{name: "uses a directory that was left open", script: `cat /proc/self/fd/LEAK/checkout/scenarios/nginx/*/solve.sh`, landed: said(canary)},
	{name: "reads the runs", script: `cat BOOK/runs/*/events.jsonl`, landed: said(canary)},
	{name: "edits events.jsonl", script: `echo forged >>BOOK/runs/R1/events.jsonl`, landed: changed("home/runs/R1/events.jsonl")},
	{name: "reads the leases", script: `cat BOOK/leases/*`, landed: said(canary)},
	{name: "writes to the checkout", script: `echo forged >CHECKOUT/main_test.go`, landed: changed("checkout/main_test.go")},
	{name: "writes where everybody may", script: `echo forged >OPEN/note`, landed: changed("open/note")},
	{name: "reads the driver's temporary files", script: `cat TEMPORARY/secret`, landed: said(canary)},
	{name: "calls another attempt's socket", script: `BINARY -benchtest.dial=OTHER/web1 </dev/null`, landed: said("SSH-2.0-")},
	{name: "reads the runner's environment", script: `cat /proc/RUNNER/environ; cat /proc/[0-9]*/environ`, landed: said("HARNESS_KEY=" + canary)},
	{
		name:   "reads the runner's memory",
		script: `at=$(grep -F '[stack]' /proc/RUNNER/maps | cut -d- -f1); dd if=/proc/RUNNER/mem bs=4096 skip=$((0x$at / 4096)) | grep -ao HARNESS_KEY=CANARY`,
		landed: said("HARNESS_KEY=" + canary),
	},
	{name: "traces the runner", script: `BINARY -ptrace RUNNER`, landed: said("attached")},
	{name: "kills the runner", script: `kill -KILL RUNNER`, landed: runnerDied},
	{name: "sees the driver's processes", script: `cat /proc/[0-9]*/cmdline | tr '\0' ' '`, landed: said("sleep 600")},
	{name: "runs a set-ID program", script: `exec setpriv --reuid 65534 --clear-groups OPEN/id; exec OPEN/id`, landed: said("euid=0")},
	{name: "leaves its cgroup", script: `for f in /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs; do echo $$ >$f && echo left; done`, landed: said("left")},
	{name: "has capabilities", script: `grep CapBnd /proc/self/status`, landed: func(_ *stage, out string) bool { return !strings.Contains(out, "CapBnd:\t0000000000000000") }},
	{
		name: "has many processes", limits: isolate.Limits{Processes: 64},
		script: `for i in $(seq 200); do sleep 30 & done; jobs -p | wc -l; kill $(jobs -p)`, landed: said("200\n"),
	},
	{name: "has much memory", limits: isolate.Limits{Memory: 512 << 20}, script: `BINARY -hog 800 1`, landed: said("1 held 800")},
	{
		name: "has much memory in many processes", limits: isolate.Limits{Memory: 512 << 20},
		script: `BINARY -hog 200 4`, landed: said("4 held 200"),
	},
	{name: "opens many files", limits: isolate.Limits{Files: 256}, script: `BINARY -open 1000`, landed: said("opened 1000")},
	{
		name: "makes many files", limits: isolate.Limits{Inodes: 500},
		script: `for i in $(seq 2000); do : >f$i; done 2>/dev/null; ls | wc -l`, landed: said("2000\n"),
	},
	{name: "fills the disk", limits: isolate.Limits{Scratch: 16 << 20}, script: `head -c 50000000 /dev/zero >big; wc -c <big`, landed: said("50000000\n")},
	{name: "fills /tmp", limits: isolate.Limits{Scratch: 16 << 20}, script: `f=$(mktemp); for i in 1 2 3 4 5; do head -c 10000000 /dev/zero >>$f; done; wc -c <$f; rm -f $f`, landed: said("50000000\n")},
}

// TestCheats: each lands where nothing confines the engine, and does not in a cell.
func TestCheats(t *testing.T) {
	t.Parallel()
	requireRoot(t)
	needs(t, "setpriv", "util-linux")
	for _, c := range cheats {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			t.Run("control", func(t *testing.T) {
				s, o := newStage(t), newOffice(t)
				out := o.sh(t, s.words.Replace(c.script))
				assert.True(t, c.landed(s, out), "nothing to defend against: %s", out)
			})
			s, o := newStage(t), newOffice(t)
			config := s.config()
			config.Limits = c.limits
			o.confine(t, config)
			out := o.sh(t, s.words.Replace(c.script))
			assert.False(t, c.landed(s, out), "it landed: %s", out)
		})
	}
}

// TestCheats_daemon: what it leaves behind in a session of its own, holding
// its output open, neither delays the end nor outlives it.
func TestCheats_daemon(t *testing.T) {
	t.Parallel()
	requireRoot(t)
	for _, tt := range []struct {
		name   string
		in     bool
		landed bool
	}{{"control", false, true}, {"cell", true, false}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			if tt.in {
				o.confine(t, isolate.Config{})
				o.grace = time.Minute // how long it would be waited for
			}
			name := strings.ReplaceAll(t.Name(), "/", "-")
			start := time.Now()
			// Nobody's command line but the daemon's may hold the mark: else the
			// script would find itself, and end before the daemon has begun.
			o.sh(t, `d=dae; export m=${d}mon-`+name+`; (setsid bash -c 'exec -a "$m" sleep 600' &) ; until grep -qs "[d]aemon-`+name+`" /proc/[0-9]*/cmdline; do :; done`)
			mark := "daemon-" + name
			assert.Less(t, time.Since(start), 20*time.Second)
			assert.Equal(t, tt.landed, running(mark))
			killMarked(t, mark)
		})
	}
}

// TestCheats_forkBomb: it is bounded, and ends at its deadline.
func TestCheats_forkBomb(t *testing.T) {
	t.Parallel()
	requireRoot(t)
	o := newOffice(t)
	cell := o.confine(t, isolate.Config{Limits: isolate.Limits{Processes: 100}})
	uid, _, _ := cell.Owner()
	const limit = 2 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	start := time.Now()
	c := &engines.Command{Argv: []string{"/bin/bash", "-c", `bomb() { bomb | bomb & }; bomb 2>/dev/null; while :; do :; done`}, Grace: o.grace}
	j, err := c.Work(ctx, o.Work)
	require.NoError(t, err)
	assert.Equal(t, rules.HardFailure, j.Resolution)
	assert.Less(t, time.Since(start), limit+o.grace+2*time.Second)
	assert.Empty(t, processesOf(uid))
}

// TestCheats_onPID1: it is out of reach, though it is the same user.
func TestCheats_onPID1(t *testing.T) {
	t.Parallel()
	requireRoot(t)
	o, s := newOffice(t), newStage(t)
	o.confine(t, s.config())
	out := o.sh(t, s.words.Replace(`
for f in environ maps mem; do head -c 1 /proc/1/$f >/dev/null 2>&1 && echo "reads $f"; done
ls /proc/1/fd /proc/1/root/ >/dev/null 2>&1 && echo looks
BINARY -ptrace 1
kill -STOP 1; kill -TERM 1; kill -HUP 1; kill -KILL 1; kill -KILL -- -1
BINARY -benchtest.isolate /bin/true; echo status $?`))
	assert.NotContains(t, out, "reads")
	assert.NotContains(t, out, "looks")
	assert.NotContains(t, out, "attached")
	assert.Contains(t, out, "status 75", "the shell lived, and nobody else plays PID 1")
}

// TestCheats_flood: 1 GB of output passes through; of it is kept what the
// record has room for.
func TestCheats_flood(t *testing.T) {
	t.Parallel()
	requireRoot(t)
	run, err := reports.NewRun(t.TempDir(), reports.NewRunID(time.Now()))
	require.NoError(t, err)
	dir, err := run.AttemptDir("nginx/001-broken", 1)
	require.NoError(t, err)
	o := newOffice(t)
	o.confine(t, isolate.Config{})
	o.Work.Transcript = dir.Transcript()
	o.sh(t, `head -c 1G /dev/zero; head -c 1M /dev/zero >&2`)
	require.NoError(t, dir.Close())
	require.NoError(t, run.Close())
	info, err := os.Stat(filepath.Join(dir.Path, "transcript", "engine.log"))
	require.NoError(t, err)
	assert.LessOrEqual(t, info.Size(), int64(reports.MaxTranscript+4096))
	assert.Greater(t, info.Size(), int64(reports.MaxTranscript/2))
}
