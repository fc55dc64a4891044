package progress

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run go test ./reports/progress -update and review the file")
	require.Equal(t, string(want), got, "run go test ./reports/progress -update and review the difference")
}

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// at is a moment of the run, in seconds after its start.
func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

func begins(seconds int, key string, iteration int, phase string) event {
	return event{id: id{key, iteration}, at: at(seconds), phase: phase}
}

func ends(seconds int, key string, iteration int, o rules.Outcome, reason string) event {
	rec := reports.Attempt{
		Key: key, Iteration: iteration, Outcome: o, Reason: reason,
		Phases: reports.Phases{Handover: 12 * time.Millisecond, Prepare: 900 * time.Millisecond, Engine: 30 * time.Second, Hold: 5 * time.Second},
	}
	return event{id: id{key, iteration}, at: at(seconds), rec: &rec}
}

func gone(seconds int, key string, iteration int) event {
	return event{id: id{key, iteration}, at: at(seconds), gone: true}
}

// known is a history in which every attempt took two minutes, and a forecast as
// if they came one after the other.
func known(cfg Config) Config {
	cfg.Typical = func(string) (time.Duration, bool) { return 2 * time.Minute, true }
	cfg.Forecast = oneByOne
	return cfg
}

func oneByOne(left []Left) (sum time.Duration) {
	for _, l := range left {
		sum += time.Duration(l.Attempts) * l.Each
	}
	return sum
}

var shipped = Config{MemoryMiB: 20 << 10, Plan: []Plan{
	{Key: "disk/001-full-filesystem", Attempts: 1, MemoryMiB: 1024},
	{Key: "network/001-wrong-hosts-entry", Attempts: 1, MemoryMiB: 2048},
	{Key: "nginx/001-broken-config", Attempts: 4, MemoryMiB: 1024},
}}

// crowd is so many attempts at one scenario, all of which run.
func crowd(n int) (cfg Config, events []event) {
	const key = "nginx/001-broken-config"
	for i := range n {
		events = append(events, begins(i, key, i+1, "work the ticket"))
	}
	return Config{Plan: []Plan{{Key: key, Attempts: n, MemoryMiB: 512}}, MemoryMiB: 64 << 10}, events
}

func TestBlock(t *testing.T) {
	t.Parallel()
	many, crowded := crowd(40)
	running := []event{
		begins(0, "nginx/001-broken-config", 1, "admit"), begins(0, "nginx/001-broken-config", 2, "admit"),
		begins(0, "nginx/001-broken-config", 3, "admit"), begins(0, "disk/001-full-filesystem", 1, "admit"),
		begins(0, "network/001-wrong-hosts-entry", 1, "admit"),
		begins(2, "disk/001-full-filesystem", 1, "lease machines"), begins(2, "network/001-wrong-hosts-entry", 1, "lease machines"),
		begins(3, "nginx/001-broken-config", 1, "lease machines"),
		begins(10, "disk/001-full-filesystem", 1, "work the ticket"), begins(20, "network/001-wrong-hosts-entry", 1, "hold"),
		begins(25, "nginx/001-broken-config", 1, "observe the healthy machine"),
	}
	ended := append([]event{
		ends(30, "network/001-wrong-hosts-entry", 1, rules.Passed, ""), begins(30, "network/001-wrong-hosts-entry", 1, reports.PhaseRelease),
		ends(35, "disk/001-full-filesystem", 1, rules.Failed, "state on h1: the disk has room"), gone(36, "disk/001-full-filesystem", 1),
	}, begins(40, "nginx/001-broken-config", 2, "prepare"))
	for _, tc := range []struct {
		name    string
		cfg     Config
		events  []event
		seconds int // at which it is drawn
		rows    int
	}{
		{"waiting", shipped, running[:5], 1, 24},
		{"running", shipped, running, 90, 24},
		{"estimate", known(shipped), running, 90, 24},
		{"ended", known(shipped), append(running, ended...), 75, 24},
		{"own-pace", Config{Plan: shipped.Plan, Forecast: oneByOne}, append(running, ended...), 75, 24},
		{"crowd", many, crowded, 4000, 10},
		{"low", shipped, running, 90, 4},
		{"retried", shipped, append(running, begins(60, "disk/001-full-filesystem", 1, reports.PhaseRelease), begins(61, "disk/001-full-filesystem", 1, "admit")), 90, 24},
		{"hostile", Config{Plan: []Plan{{Key: hostile, Attempts: 1}}}, []event{begins(0, hostile, 1, "work \x1b[2J")}, 5, 24},
	} {
		for _, columns := range []int{80, 40} {
			t.Run(fmt.Sprintf("%s-%d", tc.name, columns), func(t *testing.T) {
				t.Parallel()
				b := newBoard(tc.cfg)
				for _, e := range tc.events {
					b.take(e)
				}
				lines := b.block(at(tc.seconds), columns, tc.rows)
				assert.Less(t, len(lines), tc.rows, "the terminal would scroll")
				for _, l := range lines {
					assert.Less(t, width(l), columns, "%q would wrap", l)
				}
				text := strings.Join(lines, "\n") + "\n"
				assert.NotContains(t, text, "\x1b")
				golden(t, fmt.Sprintf("block-%s-%d.txt", tc.name, columns), text)
			})
		}
	}
}

// hostile is what no scenario may be called: a key that moves the cursor, ends
// its line, turns the direction of text, is no UTF-8, and is wide.
const hostile = "nginx/\x1b[31m001\r\n\x07\u202egnp\xff界界界"

func TestAbout(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		d    time.Duration
		want string
	}{
		{0, ""},
		{999 * time.Millisecond, ""},
		{time.Second, "5s"},
		{21 * time.Second, "25s"},
		{54 * time.Second, "55s"},
		{56 * time.Second, "1m"},
		{89 * time.Second, "1m"},
		{170 * time.Second, "3m"},
		{58 * time.Minute, "1h00m"},
		{63 * time.Minute, "1h05m"},
		{25 * time.Hour, "25h00m"},
	} {
		assert.Equal(t, tc.want, about(tc.d), tc.d)
	}
}

// What nobody knows is not guessed.
func TestEstimate_unknown(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		cfg   Config
		after []event
		known bool
	}{
		{"nothing is known", Config{Plan: shipped.Plan, Forecast: oneByOne}, nil, false},
		{"one scenario is not", Config{Plan: shipped.Plan, Forecast: oneByOne, Typical: func(key string) (time.Duration, bool) { return time.Minute, key != "disk/001-full-filesystem" }}, nil, false},
		{"an errored attempt teaches nothing", Config{Plan: shipped.Plan, Forecast: oneByOne}, []event{ends(5, "disk/001-full-filesystem", 1, rules.Errored, "boom")}, false},
		{"an attempt of this run does", Config{Plan: shipped.Plan, Forecast: oneByOne}, []event{ends(5, "disk/001-full-filesystem", 1, rules.Failed, "no")}, true},
		{"nobody forecasts", Config{Plan: shipped.Plan, Typical: known(shipped).Typical}, nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBoard(tc.cfg)
			b.take(begins(0, "nginx/001-broken-config", 1, "prepare"))
			for _, e := range tc.after {
				b.take(e)
			}
			_, known := b.left(at(10))
			assert.Equal(t, tc.known, known)
		})
	}
}

// What a second of a large run costs: five drawings, and an estimate.
func BenchmarkBlock(b *testing.B) {
	for _, running := range []int{32, 1000} {
		b.Run(fmt.Sprint(running), func(b *testing.B) {
			cfg, events := crowd(running)
			for i := range 500 {
				cfg.Plan = append(cfg.Plan, Plan{Key: fmt.Sprintf("disk/%03d-full", i), Attempts: 10})
			}
			board := newBoard(known(cfg))
			for _, e := range events {
				board.take(e)
			}
			for seconds := running; b.Loop(); seconds += 5 { // a new estimate each time
				for range 5 {
					board.block(at(seconds), 200, 60)
				}
			}
		})
	}
}
