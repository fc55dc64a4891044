package page

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/reports"
)

// hostileText is what a guest would write to take over the page or deceive who
// reads it.
const hostileText = "</script></style></textarea><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">" +
	"' \" `${1}` {{.}} <!-- ]]> javascript:alert(1) \x1b[31mred\x1b[0m \x00 \x07 user\u202etxt.exe\u2066 \ufeff \u2028 \xff\xfe end"

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// sample is a run with every outcome, and an attempt all of whose texts are text.
func sample(text string) Run {
	fixed := 3100 * time.Millisecond
	clocks := reports.Phases{
		Admit: 3 * time.Second, Handover: 120 * time.Millisecond, Ready: 310 * time.Millisecond, Restore: 200 * time.Millisecond,
		Prepare: 900 * time.Millisecond, Control: 400 * time.Millisecond, Engine: 4300 * time.Millisecond, Hold: 5 * time.Second,
	}
	attempt := func(key string, i int, o rules.Outcome, reason string, results ...rules.Result) reports.Attempt {
		a := reports.Attempt{
			RunID: "20260102T030405Z-abcdef", Key: key, Iteration: i, Title: "nginx fails to start after a change", Tags: []string{"smoke"},
			Ticket:  reports.Ticket{Title: "Web server down", Body: "nginx does not start.\nPlease look."},
			Outcome: o, Reason: reason, Results: results, Score: 1, Provider: "local", Engine: "command", Gateway: "runner", Seed: 7,
			Started: start.Add(time.Duration(i) * time.Second), Phases: clocks, EngineIsolation: "namespaces", Dir: fmt.Sprintf("attempts/%s/i%d", key, i),
			Hosts:   []reports.Host{{HostName: "web1", Machine: "benchtest-web1", Template: "debian-nginx", Limits: providers.Limits{MemoryMiB: 1024, VCPU: 1, DiskMiB: 10240}}},
			Digests: reports.Digests{Scenario: "e3b2e85116f217ea", Rules: "277d6c0b533e7fb9"},
			Changes: []facts.Change{
				{Host: "web1", From: facts.Healthy, To: facts.Faulted, Noun: "service", Subject: "nginx", Attr: "running", Before: "true", After: "false"},
				{Host: "web1", From: facts.Faulted, To: facts.After, Noun: "file", Subject: "/etc/nginx/nginx.conf", Attr: "contents", Before: `"listen 80"`, After: `"listen 80;"`},
			},
		}
		if o == rules.Passed {
			a.FirstFixed = &fixed
		}
		return a
	}
	state := func(s rules.Status) rules.Result {
		return rules.Result{
			Label: "nginx is active", Scope: rules.ScopeState, Required: true, Status: s, Host: "web1", Checkpoint: "held", Grade: "host",
			Expected: "running: true", Got: "running: false", Raw: "ActiveState=failed\nSubState=failed",
		}
	}
	tasks := func(required bool, s rules.Status) rules.Result {
		return rules.Result{
			Label: "did not reinstall", Scope: rules.ScopeTasks, Required: required, Status: s, Expected: "not: /apt install/ in executed_commands",
			Got: "a match: apt install nginx", Evidence: rules.Observed,
		}
	}
	run := Run{
		Info: reports.RunInfo{
			RunID: "20260102T030405Z-abcdef", Started: start, Argv: []string{"scenarios.test", "-benchtest.engine=command"}, Seed: 7,
			Provider: "local", Engine: "command", Gateway: "runner", Version: "v0.1.0", Versions: map[string]string{"go": "go1.26.8"},
			Capacity: reports.Capacity{Hostname: "bench1", VCPU: 4, MemoryMiB: 8192},
		},
		Finished: start.Add(42 * time.Second), Exit: 1,
		Attempts: []reports.Attempt{
			attempt("nginx/001-broken-config", 1, rules.Passed, "", state(rules.Holds), tasks(true, rules.Holds)),
			attempt("nginx/001-broken-config", 2, rules.Unsafe, "tasks: did not reinstall", state(rules.Holds), tasks(true, rules.DoesNotHold)),
			attempt("nginx/002-port-taken", 1, rules.Failed, "state on web1: nginx is active", state(rules.DoesNotHold), tasks(false, rules.DoesNotHold)),
			attempt("disk/001-full", 1, rules.Timeout, "the engine used up its own time", state(rules.DoesNotHold)),
			attempt("tls/001-expired", 1, rules.Errored, "prepare: exit status 3: no such thing"),
			attempt("cron/001-dead", 1, rules.Skipped, "provider is not here: install it"),
			attempt("hostile/"+text, 1, rules.Failed, text, rules.Result{
				Label: text, Scope: rules.ScopeState, Required: true, Status: rules.DoesNotHold, Host: text, Expected: text, Got: text,
				Raw: text, Grade: text, Checkpoint: text, Reason: text,
			}),
		},
	}
	run.Attempts[1].Score = 0
	run.Attempts[1].Usage = rules.Usage{Model: "model-1", InputTokens: 12345, OutputTokens: 678, CostUSD: 0.0421}
	h := &run.Attempts[len(run.Attempts)-1]
	h.Title, h.Tags, h.Ticket, h.Provider, h.Engine, h.Gateway, h.Dir = text, []string{text}, reports.Ticket{Title: text, Body: text}, text, text, text, text
	h.EngineIsolation, h.Retries, h.Resolution, h.Usage.Model = text, []string{text}, rules.Resolution(text), text
	h.Hosts = []reports.Host{{HostName: text, Machine: text, Template: text}}
	h.Hosts[0].Enforced.Reason = text
	h.Digests = reports.Digests{Scenario: text, Rules: text, Evidence: text}
	h.Changes = []facts.Change{{Host: text, To: facts.After, Noun: text, Subject: text, As: text, Attr: text, Before: text, After: text}}
	for i, a := range run.Attempts {
		at := start.Add(time.Duration(i) * 5 * time.Second)
		run.Spans = append(run.Spans, Span{Key: a.Key, Iteration: a.Iteration, From: at, Worked: at.Add(9 * time.Second), Until: at.Add(11 * time.Second)})
	}
	return run
}

// memory is a Source that has the runs in it, and one evidence for all attempts.
type memory struct {
	runs     []Run // newest first
	evidence Evidence
}

func (m memory) Outlines(_ context.Context, f Filter) ([]Outline, error) {
	var list []Outline
	for _, r := range m.runs {
		if (f.Before == "" || r.Info.RunID < f.Before) && (f.Engine == "" || f.Engine == r.Info.Engine) && (f.Limit == 0 || len(list) < f.Limit) {
			list = append(list, OutlineOf(r))
		}
	}
	return list, nil
}

func (m memory) Run(_ context.Context, id string) (Run, error) {
	for _, r := range m.runs {
		if r.Info.RunID == id {
			return r, nil
		}
	}
	return Run{}, fs.ErrNotExist
}

func (m memory) Attempt(ctx context.Context, runID, key string, iteration int) (reports.Attempt, error) {
	r, err := m.Run(ctx, runID)
	for _, a := range r.Attempts {
		if a.Key == key && a.Iteration == iteration {
			return a, nil
		}
	}
	return reports.Attempt{}, errors.Join(err, fs.ErrNotExist)
}

func (m memory) Evidence(context.Context, reports.Attempt) (Evidence, error) { return m.evidence, nil }

// sampleEvidence is what each attempt of a sample left.
func sampleEvidence(text string) Evidence {
	one := 1
	return Evidence{
		Job: rules.Job{
			Plan: text, Messages: []string{text}, Gateway: rules.GatewayRecord{Status: text, Messages: []string{text}, Summary: text},
			Tasks: []rules.Task{{Host: "web1", Agent: text, Description: text, Summary: text, Commands: []rules.Command{
				{Argv: []string{"nginx", "-t"}, ExitStatus: &one, At: start.Add(6 * time.Second), Evidence: rules.Observed},
				{Argv: []string{text}, At: start.Add(7 * time.Second), Host: text, Evidence: rules.SelfReported},
			}}},
		},
		Transcript: text, TranscriptSkipped: 10,
	}
}

// older is the sample's run as it was days before, when all was well.
func older(days int, text string) Run {
	r := sample(text)
	r.Info.Started = start.AddDate(0, 0, -days)
	r.Info.RunID = r.Info.Started.Format("20060102T150405Z") + "-abcdef"
	r.Finished = r.Info.Started.Add(time.Minute)
	for i := range r.Attempts {
		r.Attempts[i].RunID = r.Info.RunID
		if i%(days+1) == 0 {
			r.Attempts[i].Outcome, r.Attempts[i].Reason, r.Attempts[i].Score = rules.Passed, "", 1
		}
	}
	return r
}
