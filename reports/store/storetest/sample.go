package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/store"
)

// Hostile is text that a guest, an engine or a scenario may come up with.
const Hostile = "it's \"quoted\"'); DROP TABLE jobs; -- <script>alert(1)</script> \x1b[31mred\x1b[0m nul\x00 bad\xff\xfe ünïcödé 🎫 $1 ?2 \\x00 %s\r\n\ttail"

// Shown is how Hostile is stored in text.
const Shown = "it's \"quoted\"'); DROP TABLE jobs; -- <script>alert(1)</script> \x1b[31mred\x1b[0m nul␀ bad� ünïcödé 🎫 $1 ?2 \\x00 %s\r\n\ttail"

// Start is when the first of the sample runs began.
var Start = time.Date(2026, 3, 4, 5, 6, 7, 890e6, time.UTC)

// Benchmark is a run that began so many hours after Start and has ended.
func Benchmark(hours int) store.Benchmark {
	at := Start.Add(time.Duration(hours) * time.Hour)
	return store.Benchmark{
		Info: reports.RunInfo{
			RunID: fmt.Sprintf("run-%03d", hours), Started: at, Argv: []string{"suite.test", Hostile}, Seed: -7, Provider: "local", Engine: "oracle",
			Gateway: "runner", Version: "v0.0.1", Capacity: reports.Capacity{Hostname: "h", VCPU: 2, MemoryMiB: 1 << 14},
		},
		Dir: "/nowhere", Alive: at, End: &store.End{At: at.Add(time.Minute), Exit: 1, Reason: Hostile},
	}
}

// Report is an attempt of a run with everything in it that an attempt can have.
func Report(t *testing.T, b store.Benchmark, key string, iteration int) store.Report {
	t.Helper()
	fixed, status := 1500*time.Millisecond, 3
	a := reports.Attempt{
		RunID: b.Info.RunID, Key: key, Test: "Test_" + key, Iteration: iteration, Title: Hostile, Tags: []string{"a", Hostile}, Outcome: rules.Unsafe, Reason: Hostile,
		Score: 0.5, Provider: "local", Engine: "command", Gateway: "runner", Seed: 42, Started: b.Info.Started.Add(time.Duration(iteration) * time.Second),
		Phases: reports.Phases{Admit: 1, Handover: 12345678, Engine: 3 * time.Second, Rules: 40 * time.Microsecond}, FirstFixed: &fixed, Downtime: time.Second,
		Hosts: []reports.Host{{HostName: "web1", Machine: Hostile}}, Digests: reports.Digests{Scenario: "aa", Rules: "bb", Evidence: "cc"},
		Ticket: reports.Ticket{Title: Hostile, Body: Hostile}, Dir: "attempts/" + key + "/i1", EngineIsolation: "none",
	}
	for i := range 3 {
		a.Results = append(a.Results, rules.Result{
			Label: fmt.Sprintf("rule %d %s", i, Hostile), Scope: rules.ScopeState, Required: i > 0, Status: rules.Holds, Host: "web1",
			Expected: Hostile, Got: Hostile, Checkpoint: "held", Raw: Hostile, Grade: "host", Evidence: rules.Observed, Reason: Hostile,
			Once: i == 0,
		})
	}
	job, err := json.Marshal(rules.Job{
		Resolution: rules.Success, Plan: Hostile, Messages: []string{Hostile, "two"}, Usage: rules.Usage{Model: "m", InputTokens: 1 << 40, CostUSD: 0.25, Turns: 3},
		Tasks: []rules.Task{
			{Host: "web1", Agent: "ops", Description: Hostile, Commands: []rules.Command{{Argv: []string{"nginx", "-t"}, ExitStatus: &status, At: a.Started, Evidence: rules.Observed}, {Argv: []string{Hostile}}}},
			{Host: "web2", Summary: Hostile},
		},
		Gateway: rules.GatewayRecord{ID: "RUN-1", Status: "resolved", Messages: []string{Hostile}, Summary: Hostile},
	})
	require.NoError(t, err)
	r := store.Report{Attempt: a, Decided: a.Started.Add(time.Minute), Job: job, Facts: map[facts.Checkpoint][]byte{}, Transcript: []byte(Hostile)}
	r.TranscriptBytes = int64(len(r.Transcript))
	for _, c := range []facts.Checkpoint{facts.Faulted, facts.After, facts.Sample} {
		r.Facts[c] = []byte(strings.Repeat(Hostile+string(c), 100))
	}
	return r
}
