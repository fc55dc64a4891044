package attempt_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/attempt"
	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/providertest"
)

// A lender is a fake whose machines are lent, and which tells what it was told.
type lender struct {
	*providertest.Fake
	refuses  error // what Borrow says
	unmended bool  // an attempt that died had the machine before

	mu   sync.Mutex
	told []string
}

func (l *lender) tell(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told = append(l.told, what)
}

func (l *lender) Borrow(_ context.Context, specs []providers.CloneSpec) (func(), error) {
	l.tell("borrow " + specs[0].HostName + " for " + specs[0].Attempt)
	if l.refuses != nil {
		return func() {}, l.refuses
	}
	return func() { l.tell("given back") }, nil
}

func (l *lender) Clone(ctx context.Context, c providers.CloneSpec) (providers.Machine, error) {
	m, err := l.Fake.Clone(ctx, c)
	if err != nil {
		return nil, err
	}
	return loan{m, l}, nil
}

// A loan is a machine of a lender.
type loan struct {
	providers.Machine
	of *lender
}

func (l loan) Soil(scenario string) (bool, error) {
	l.of.tell("soil " + scenario)
	return l.of.unmended, nil
}

func (l loan) Mended() error {
	l.of.tell("mended")
	return nil
}

func (l loan) Quarantine(reason error) { l.of.tell("quarantine: " + reason.Error()) }

func TestLend(t *testing.T) {
	t.Parallel()
	const (
		soil   = "soil files/001-missing"
		borrow = "borrow h1 for files/001-missing/i1"
		// The engine, or whoever was there before, makes it impossible.
		fails = "#!/bin/sh\n[ ! -e \"$HOME/poison\" ] || { echo poisoned; exit 3; }\ntouch \"$HOME/ok\"\n"
	)
	for _, tc := range []struct {
		name    string
		refuses error
		dirty   bool // somebody died before
		keep    attempt.Keep
		engine  engines.Engine
		files   map[string]string
		outcome rules.Outcome
		reason  string
		told    []string
	}{
		{name: "restored", outcome: rules.Passed, told: []string{borrow, soil, "mended", "given back"}},
		{
			name: "not restored", engine: sh(`touch "$HOME/ok" "$HOME/poison"`), files: map[string]string{"restore.sh": fails}, outcome: rules.Passed,
			told: []string{borrow, soil, "quarantine: files/001-missing/i1 left it unmended: restore.sh: exit status 3: poisoned", "given back"},
		},
		{
			name: "no restore", files: map[string]string{"restore.sh": "", "prepare.sh": "#!/bin/sh\nrm -f \"$HOME/ok\"\n"}, outcome: rules.Passed,
			told: []string{borrow, "quarantine: files/001-missing/i1 left it unmended: it has no restore.*, so nobody knows what it left: write one that brings the healthy state back", "given back"},
		},
		{
			name: "left unmended and mended first", dirty: true, outcome: rules.Passed,
			told: []string{borrow, soil, "mended", "given back"},
		},
		{
			name: "left unmended and past mending", dirty: true, files: map[string]string{"restore.sh": "#!/bin/sh\nexit 4\n"},
			outcome: rules.Errored, reason: "restore: host h1 was left as an attempt that died made it: restore.sh: exit status 4",
			told: []string{borrow, soil, "quarantine: files/001-missing/i1 left it unmended: restore.sh: exit status 4: ", "given back"},
		},
		{
			name: "none to lend", refuses: errors.New("all are in quarantine"), outcome: rules.Errored, reason: "admit: all are in quarantine",
			told: []string{borrow},
		},
		{name: "kept", keep: attempt.KeepAlways, outcome: rules.Passed, told: []string{borrow, soil, "given back"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			lends := &lender{refuses: tc.refuses, unmended: tc.dirty}
			h := newHarness(t, func(h *harness) { h.lends, h.Keep, h.Engine = lends, tc.keep, tc.engine })
			rec, log := h.run(load(t, tc.files))
			assert.Equal(t, tc.outcome, rec.Outcome, "%s\n%s", rec.Reason, log)
			assert.Contains(t, rec.Reason, tc.reason)
			assert.Equal(t, tc.told, lends.told)
		})
	}
}

// TestLend_cut: a machine is mended also when the run is over.
func TestLend_cut(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	lends := &lender{}
	h := newHarness(t, func(h *harness) {
		h.lends = lends
		h.Engine = engine{func(ctx context.Context, _ engines.Work) (rules.Job, error) {
			cancel()
			<-ctx.Done()
			return rules.Job{}, ctx.Err()
		}}
	})
	rec, log := h.runWith(ctx, load(t, nil))
	require.Equal(t, rules.Errored, rec.Outcome, "%s\n%s", rec.Reason, log)
	assert.True(t, slices.Contains(lends.told, "mended"), "%v", lends.told)
}
