package store

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// rows are what attempts come to, by table.
type rows map[string][][]any

func (r rows) add(t table, values ...any) { r[t.name] = append(r[t.name], values) }

// addReport adds all rows of one attempt.
func (r rows) addReport(k *packer, p Report) error {
	a, id := p.Attempt, p.ID()
	record := a
	record.Results, record.Rescored = nil, nil // those are rows
	b, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("encode attempt %s: %w", id, err)
	}
	ph := a.Phases
	r.add(reportTable, id, text(a.RunID), text(a.Key), int64(a.Iteration), unixMS(a.Started), string(a.Outcome), text(a.Reason), a.Score,
		text(a.Provider), text(a.Engine), text(a.Gateway), text(a.EngineIsolation), inMS(ph.Admit), inMS(ph.Handover), inMS(ph.Ready),
		inMS(ph.Restore), inMS(ph.Prepare), inMS(ph.Control), inMS(ph.Engine), inMS(ph.Hold), inMS(ph.Rules), inMS(ph.Total()),
		firstFixed(a), inMS(a.Downtime), a.Digests.Scenario, a.Digests.Rules, a.Digests.Evidence, text(a.Dir), string(b))
	job := p.job()
	if err := r.addJob(k, id, p.Job, job); err != nil {
		return err
	}
	r.addTicket(id, a, job)
	v := record.Verdict()
	v.Results = a.Results
	v.At = p.Decided
	r.addVerdict(id, 0, v)
	return r.addEvidence(k, id, p)
}

func firstFixed(a reports.Attempt) any {
	if a.FirstFixed == nil {
		return nil
	}
	return inMS(*a.FirstFixed)
}

// addJob adds the engine's record, whole where it is not too large.
func (r rows) addJob(k *packer, id string, record []byte, j *rules.Job) error {
	if j == nil {
		return nil
	}
	packed, err := k.bounded(record)
	if err != nil {
		return err
	}
	u := j.Usage
	r.add(jobTable, id, text(string(j.Resolution)), text(j.Plan), text(strings.Join(j.Messages, "\n")), text(u.Model), u.InputTokens, u.OutputTokens,
		u.CostUSD, int64(u.Turns), int64(len(record)), packed)
	for i, t := range j.Tasks {
		var commands strings.Builder
		for _, c := range t.Commands {
			commands.WriteString(c.String() + "\n")
		}
		r.add(taskTable, id+"/t"+strconv.Itoa(i+1), id, int64(i+1), text(t.Host), text(t.Agent), text(t.Description), text(t.Plan), text(t.Summary), text(commands.String()))
	}
	return nil
}

// addTicket adds the ask and what its gateway made of it.
func (r rows) addTicket(id string, a reports.Attempt, j *rules.Job) {
	if a.Ticket == (reports.Ticket{}) {
		return // the engine was never asked
	}
	var g rules.GatewayRecord
	if j != nil {
		g = j.Gateway
	}
	r.add(ticketTable, id, text(a.Gateway), text(g.ID), text(a.Ticket.Title), text(a.Ticket.Body), text(g.Status), text(g.Summary), text(strings.Join(g.Messages, "\n")))
}

func (r rows) addVerdict(id string, number int, v reports.Verdict) {
	r.add(verdictTable, id, int64(number), unixMS(v.At), v.Scenario, v.Rules, string(v.Outcome), text(v.Reason), v.Score, text(v.Version))
	for i, x := range v.Results {
		r.add(resultTable, id, int64(number), int64(i+1), string(x.Scope), text(x.Label), text(x.Host), x.Required, string(x.Status), text(x.Expected),
			text(x.Got), text(x.Checkpoint), text(x.Raw), text(x.Grade), text(string(x.Evidence)), text(x.Reason), x.Once)
	}
}

// addEvidence adds facts and transcript. The checkpoints of one attempt are
// much alike, so each goes on from the one before.
func (r rows) addEvidence(k *packer, id string, p Report) error {
	bodies := make([][]byte, len(checkpoints()))
	for i, c := range checkpoints() {
		if len(p.Facts[c]) > 0 {
			bodies[i] = p.Facts[c]
		}
	}
	parts, err := k.chain(bodies)
	if err != nil {
		return err
	}
	before := ""
	for i, c := range checkpoints() {
		if bodies[i] == nil {
			continue
		}
		r.add(factsTable, id, string(c), before, int64(len(bodies[i])), parts[i])
		if parts[i] != nil {
			before = string(c)
		}
	}
	if len(p.Transcript) == 0 {
		return nil
	}
	packed, err := k.transcript(p.Transcript, p.TranscriptBytes)
	r.add(transcriptTable, id, p.TranscriptBytes, packed)
	return err
}
