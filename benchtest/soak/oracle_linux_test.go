package soak_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// One process works at the scenarios with the oracle for hours. None fails,
// hardly one is errored, and what the process has is what it had after its
// first round, but for the records of the attempts.
func TestOracleForHours(t *testing.T) { // not parallel: it measures
	heavy(t)
	dir := scenarioDir(t)
	table, err := os.ReadFile(filepath.Join(dir, "scenarios_gen_test.go"))
	require.NoError(t, err)
	scenarios := bytes.Count(table, []byte("{Key: "))
	require.Positive(t, scenarios, dir)
	rounds := max(3, times(t, "SOAK_ATTEMPTS", 0, 2000)/scenarios)
	s := newStage(t, "debian-nginx")
	s.dir = dir
	s.overlay(t)
	gauges := filepath.Join(filepath.Dir(s.home), "gauges.jsonl")
	s.environ = []string{"SOAK_GAUGES=" + gauges}
	r := s.start(t, fmt.Sprintf("-test.count=%d", rounds))
	s.attend(t, r, gauges)

	o := s.outcomes(t)
	t.Logf("%d attempts in %s: %v", o.total(), time.Since(r.begun).Round(time.Second), o)
	require.Equal(t, rounds*scenarios, o.total(), "attempts: %s", r.out)
	assert.Zero(t, o["failed"]+o["unsafe"]+o["timeout"], "not one fails")
	assert.LessOrEqual(t, o["errored"]*500, o.total(), "errored: at most 0.2 %%: %s", r.out)
	s.goneAfter(t, gone)
	list := readGauges(t, gauges)
	require.Len(t, list, rounds)
	list[len(list)-1].assertReturned(t, list[1], (rounds-2)*scenarios)
}

func scenarioDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("SOAK_SCENARIOS")
	if dir == "" {
		dir = "../../scenarios"
	}
	dir, err := filepath.Abs(dir)
	require.NoError(t, err)
	return dir
}

// overlay makes the stage's suite that of its directory, with a gauge in it.
func (s *stage) overlay(t *testing.T) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(s.dir, "main_test.go"), nil, parser.PackageClauseOnly)
	require.NoError(t, err)
	source, err := os.ReadFile("testdata/gauge/gauge_test.go")
	require.NoError(t, err)
	source = bytes.Replace(source, []byte("package gauge_test\n"), []byte("package "+file.Name.Name+"\n"), 1)
	tmp := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(tmp, "gauge_test.go"), source, 0o600))
	over, err := json.Marshal(map[string]any{"Replace": map[string]string{
		filepath.Join(s.dir, "soak_gauge_test.go"): filepath.Join(tmp, "gauge_test.go"),
	}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(tmp, "overlay.json"), over, 0o600))
	require.NoError(t, os.Remove(s.suite))
	cmd := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay", filepath.Join(tmp, "overlay.json"), "-o", s.suite, ".")
	cmd.Dir = s.dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

// attend waits for the end of a long run and says now and then how it does.
func (s *stage) attend(t *testing.T, r *run, gauges string) {
	t.Helper()
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-r.done:
			return
		case <-tick.C:
			if list := readGauges(t, gauges); len(list) > 0 {
				t.Logf("%s: %v; %+v", time.Since(r.begun).Round(time.Second), s.outcomes(t), list[len(list)-1])
			}
		}
	}
}

// outcomes counts attempts by outcome.
type outcomes map[string]int

func (o outcomes) total() (n int) {
	for _, k := range o {
		n += k
	}
	return n
}

// outcomes reads them from the records of all runs of the home.
func (s *stage) outcomes(t *testing.T) outcomes {
	t.Helper()
	o := outcomes{}
	for _, run := range names(s.runs()) {
		f, err := os.Open(filepath.Join(s.runs(), run, "events.jsonl"))
		require.NoError(t, err)
		for lines := bufio.NewReader(f); ; {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				break // the last one may be being written
			}
			var e struct {
				Event   string
				Attempt struct{ Outcome string }
			}
			require.NoError(t, json.Unmarshal(line, &e))
			if e.Event == "attempt_finished" {
				o[e.Attempt.Outcome]++
			}
		}
		require.NoError(t, f.Close())
	}
	return o
}

// A gauge is what testdata/gauge measures.
type gauge struct {
	Files, Goroutines, Threads int
	RSSKiB, HeapKiB            int
}

func readGauges(t *testing.T, path string) []gauge {
	t.Helper()
	b, _ := os.ReadFile(path) // before the first there is none
	var list []gauge
	for d := json.NewDecoder(bytes.NewReader(b)); ; {
		var g gauge
		if d.Decode(&g) != nil {
			return list
		}
		list = append(list, g)
	}
}

// perAttemptKiB is what the record of an attempt may take until its run ends.
const perAttemptKiB = 16

// assertReturned fails when g, so many attempts later, is more than was.
func (g gauge) assertReturned(t *testing.T, was gauge, attempts int) {
	t.Helper()
	t.Logf("after the first round:   %+v", was)
	t.Logf("%d attempts later: %+v", attempts, g)
	assert.LessOrEqual(t, g.Files, was.Files+2, "file descriptors")
	assert.LessOrEqual(t, g.Goroutines, was.Goroutines+2, "goroutines")
	assert.LessOrEqual(t, g.Threads, 2*was.Threads+8, "threads, which Go keeps")
	assert.LessOrEqual(t, g.HeapKiB, was.HeapKiB+4<<10+attempts*perAttemptKiB, "heap, less the records")
	assert.LessOrEqual(t, g.RSSKiB, was.RSSKiB+32<<10+attempts*perAttemptKiB, "memory, less the records")
}
