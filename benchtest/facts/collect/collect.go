//go:build linux

package collect

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// errAskOverSSH answers queries that would run a program of the guest's in a
// process that guest root cannot reach: it belongs inside.
var errAskOverSSH = errors.New("guest-run: ask over SSH")

// atOnce bounds how many queries are worked at the same time.
const atOnce = 16

// grace is what a query may take beyond its limit to put its own affairs in
// order, for instance to kill a command, before it is given up.
const grace = time.Second

// A finding is what a collector saw.
type finding struct {
	attrs     map[string]any
	raw       string
	truncated bool
}

// A collector answers queries of one noun. An error means that the question
// could not be asked.
type collector func(ctx context.Context, s *session, q facts.Query) (finding, error)

func collectors() map[string]collector {
	return map[string]collector{
		facts.NounService:     service,
		facts.NounProcess:     process,
		facts.NounPort:        port,
		facts.NounFile:        file,
		facts.NounMount:       mount,
		facts.NounCommand:     command,
		facts.NounHTTP:        httpExchange,
		facts.NounAddr:        addr,
		facts.NounDNS:         dns,
		facts.NounPackage:     pkg,
		facts.NounUser:        user,
		facts.NounGroup:       group,
		facts.NounKernelParam: kernelParam,
		facts.NounCron:        cron,
		facts.NounInterface:   netInterface,
		facts.NounCertificate: certificate,
		facts.NounJournal:     journal,
		facts.NounIntegrity:   integrity,
	}
}

// Run answers req. It never fails as a whole: what could not be asked says so
// in its own fact.
func Run(ctx context.Context, e *Env, req facts.Request) facts.Answer {
	s := newSession(ctx, e, req)
	defer s.close()
	answer := facts.Answer{Facts: make([]facts.Fact, len(req.Queries))}
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	// Commands may get in each other's way, so they run one after the other.
	wg.Go(func() { s.askEach(ctx, answer.Facts, func(q facts.Query) bool { return q.GuestRun() }) })
	for i, q := range req.Queries {
		if q.GuestRun() {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			answer.Facts[i] = s.ask(ctx, q)
		})
	}
	wg.Wait()
	if req.Superset {
		more, complete := s.superset(ctx)
		answer.Facts = append(answer.Facts, more...)
		answer.Complete = complete
		answer.Mounts = s.mountIdentities(ctx)
	}
	answer.At = e.now().UTC()
	return answer
}

// askEach answers the queries that are wanted, in their order.
func (s *session) askEach(ctx context.Context, into []facts.Fact, want func(facts.Query) bool) {
	for i, q := range s.req.Queries {
		if want(q) {
			into[i] = s.ask(ctx, q)
		}
	}
}

// ask answers one query within its limit.
func (s *session) ask(ctx context.Context, q facts.Query) facts.Fact {
	fact := facts.Fact{Query: q, Grade: s.env.Grade}
	if q.GuestRun() {
		fact.Grade = facts.GradeGuestRun
	}
	limit := s.limit()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	type outcome struct {
		finding
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			if p := recover(); p != nil {
				o = outcome{err: fmt.Errorf("collector panicked: %v\n%s", p, debug.Stack())}
			}
			done <- o
		}()
		o.finding, o.err = s.collect(ctx, q)
	}()
	var o outcome
	select {
	case o = <-done:
	case <-time.After(limit + grace):
		// The goroutine hangs in the kernel, on a dead mount perhaps. It ends
		// with the process.
		o.err = fmt.Errorf("no answer within %s", limit)
	}
	s.fill(&fact, o.finding, o.err)
	return fact
}

func (s *session) collect(ctx context.Context, q facts.Query) (finding, error) {
	if q.GuestRun() && s.env.Guest != nil {
		return finding{}, errAskOverSSH
	}
	noun, err := findNoun(q.Noun)
	if err != nil {
		return finding{}, err
	}
	ask, ok := s.collectors[q.Noun]
	if !ok {
		return finding{}, fmt.Errorf("noun %q is asked by the driver, not by the probe", q.Noun)
	}
	for name := range q.Params {
		if _, ok := noun.Param(name); !ok {
			return finding{}, fmt.Errorf("noun %q has no parameter %q", q.Noun, name)
		}
	}
	return ask(ctx, s, q)
}

// findNoun knows the internal nouns too.
func findNoun(name string) (facts.Noun, error) {
	for _, n := range facts.InternalNouns() {
		if n.Name == name {
			return n, nil
		}
	}
	return facts.FindNoun(name)
}

// fill makes the fact of what was found: typed as it will be once decoded,
// bounded, and with null for every attribute that has no value.
func (s *session) fill(fact *facts.Fact, f finding, err error) {
	fact.Raw, fact.Truncated = cut(f.raw, s.maxBytes())
	if err != nil {
		fact.Error, _ = cut(err.Error(), facts.DefaultMaxBytes)
		return
	}
	fact.Truncated = fact.Truncated || f.truncated
	fact.Attrs = make(map[string]any, len(f.attrs))
	for _, attr := range s.attrs[fact.Query.Noun] {
		limit := facts.DefaultMaxBytes
		if attr.Type == facts.TypeText {
			limit = s.maxBytes()
		}
		fact.Attrs[attr.Name] = decoded(f.attrs[attr.Name], limit, &fact.Truncated)
	}
}

// decoded is v as encoding/json would decode it, its texts bounded.
func decoded(v any, limit int, truncated *bool) any {
	switch v := v.(type) {
	case string:
		text, short := cut(v, limit)
		*truncated = *truncated || short
		return text
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case uint32:
		return float64(v)
	case uint64:
		return float64(v)
	case []string:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = decoded(e, limit, truncated)
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[k] = decoded(e, limit, truncated)
		}
		return m
	}
	return v
}

// cut bounds a text and makes it valid UTF-8.
func cut(text string, limit int) (string, bool) {
	if len(text) <= limit {
		return strings.ToValidUTF8(text, "\uFFFD"), false
	}
	return strings.ToValidUTF8(text[:limit], "\uFFFD"), true
}
