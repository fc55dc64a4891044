package attempt

import (
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/reports"
)

// newRecord is the attempt's record with what is known before it begins.
func (t *try) newRecord() reports.Attempt {
	rec := reports.Attempt{
		RunID: t.Record.ID, Key: t.sc.Key, Test: t.spec.Test, Iteration: t.spec.Iteration,
		Title: t.sc.Title, Tags: t.sc.Tags, Provider: t.ProviderName, Engine: t.Engine.Name(), Gateway: t.Gateway.Name(),
		Seed: t.Seed, Started: time.Now(), Score: 1, Artifacts: t.spec.Artifacts, EngineIsolation: "none",
		Digests: reports.Digests{Scenario: t.sc.Digest, Rules: rules.Digest(t.sc.State, t.sc.Compliance), Templates: map[string]string{}},
	}
	for _, h := range t.sc.Hosts {
		if tmpl, err := t.Templates.Get(h.Template); err == nil {
			rec.Digests.Templates[h.Template] = tmpl.Digest
		}
	}
	return rec
}

// record writes the verdict, before the machines go: whatever becomes of
// their release, the attempt is on disk.
func (t *try) record() {
	t.rec.Resolution = t.job.Resolution
	t.rec.Usage = t.job.Usage
	t.rec.Changes, t.rec.ChangesLeftOut = t.changed()
	for _, h := range t.hosts {
		rec := t.hostRecord(h)
		if rec.Kept = t.kept() && rec.Machine != ""; rec.Kept {
			t.logf("kept %s: machine %s", h.name, rec.Machine)
		}
		t.rec.Hosts = append(t.rec.Hosts, rec)
	}
	if t.rec.Outcome.Scored() {
		t.note(t.History.Add(t.sc.Key, t.rec.Phases.Total()))
	}
	t.logf("outcome %s %s", t.rec.Outcome, t.rec.Reason)
	t.note(t.book.finish(&t.rec))
	t.Progress.Ended(t.rec)
}

func (t *try) hostRecord(h *host) reports.Host {
	rec := reports.Host{HostName: h.name}
	if h.clone == nil {
		return rec
	}
	tmpl := h.clone.Template
	rec.Machine, rec.Template, rec.Reset = h.clone.Machine.ID(), tmpl.Name, h.clone.Reset
	rec.Limits = providers.Limits{MemoryMiB: tmpl.MemoryMiB, VCPU: tmpl.VCPU, DiskMiB: tmpl.DiskMiB}
	rec.Enforced = providers.Enforced{Reason: "the provider does not say"}
	if r, ok := h.clone.Machine.(providers.LimitReporter); ok {
		rec.Enforced = r.Enforced()
	}
	return rec
}

// changed is what became of the machines between checkpoints that were reached.
func (t *try) changed() (list []facts.Change, leftOut int) {
	checkpoints := []facts.Checkpoint{facts.Healthy, facts.Faulted, facts.After, facts.Held}
	for _, h := range t.hosts {
		for i, to := range checkpoints[1:] {
			from, known := h.at[checkpoints[i]]
			if at, reached := h.at[to]; known && reached {
				list = append(list, facts.Diff(from, at)...)
			}
		}
	}
	kept := min(len(list), reports.MaxChanges)
	return list[:kept], len(list) - kept
}
