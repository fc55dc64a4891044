package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/reports"
)

// twoAlike is what a machine of two attempts would say, apart from what differs.
const twoAlike = `{"host":"web1","checkpoint":"held","since_ns":0,"at":"2026-11-22T18:24:26.26Z","mounts":["/cg /benchtest-c58716-web1-zxepdvlg/guest cgroup"],"facts":{` +
	`"service:nginx":{"query":{"noun":"service","subject":"nginx"},"grade":"host","attrs":{"main-pid":40,"since":"2026-11-22T18:24:20.000123Z"},"raw":"MainPID=40 NRestarts=0"},` +
	`"http:x":{"query":{"noun":"http","subject":"x"},"grade":"host","attrs":{"headers":["Date: Sun, 22 Nov 2026 18:24:25 GMT"]}},` +
	`"process:probe-WOL2F5SQX":{"query":{"noun":"process","subject":"probe-WOL2F5SQX"},"grade":"host","attrs":{"args":["/run/probe-WOL2F5SQXEAFATALVV6SC5EC5L"],"pid-stable":"80@5776178"},"raw":"80 root x"}}}` + "\n"

func TestVariedEvidenceIsSoundAndDiffers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := recordedAttempt{runDir: dir}
	a.Attempt.Dir = "recorded"
	a.Attempt.Hosts = []reports.Host{{Machine: "benchtest-c58716-web1-zxepdvlg"}}
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "recorded", "facts"), 0o755))
	for _, c := range []facts.Checkpoint{facts.Healthy, facts.Faulted, facts.Sample, facts.After} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "recorded", "facts", string(c)+".jsonl"), nil, 0o644))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "recorded", "facts", "held.jsonl"), []byte(twoAlike), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "recorded", "job.json"), nil, 0o644))
	link, err := json.Marshal(reports.Link{File: "facts/held.jsonl", Bytes: int64(len(twoAlike))})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "recorded", chainName), append(link, '\n'), 0o644))

	o, err := readOriginal(a)
	require.NoError(t, err)
	var seen [2]facts.Snapshot
	for n := range seen {
		to := filepath.Join(dir, "made", string(rune('0'+n)))
		head, err := o.write(to, n+1)
		require.NoError(t, err)
		require.NoError(t, reports.VerifyEvidence(os.DirFS(to), head))
		e, err := reports.ReadEvidence(os.DirFS(to), head, nil)
		require.NoError(t, err)
		seen[n] = e.Snapshots[0]
	}
	first, second := seen[0], seen[1]
	require.NotEqual(t, first.Mounts, second.Mounts)
	require.Equal(t, apart, second.At.Sub(first.At))
	for _, attr := range []string{"main-pid", "since"} {
		require.NotEqual(t, first.Facts["service:nginx"].Attrs[attr], second.Facts["service:nginx"].Attrs[attr], attr)
	}
	require.NotEqual(t, first.Facts["http:x"].Attrs, second.Facts["http:x"].Attrs)
	require.Equal(t, "41", first.Facts["service:nginx"].Raw[len("MainPID="):len("MainPID=41")], "a PID is the same wherever it stands")
	require.InDelta(t, 41, first.Facts["service:nginx"].Attrs["main-pid"], 0)
	for id := range first.Facts {
		if id != "service:nginx" && id != "http:x" {
			require.NotContains(t, second.Facts, id, "probes have names of their own")
		}
	}
}
