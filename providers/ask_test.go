package providers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/facts/talk"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/providertest"
)

var (
	asksFile    = facts.Query{Noun: facts.NounFile, Subject: "/etc/hosts"}
	asksService = facts.Query{Noun: facts.NounService, Subject: "nginx", Params: map[string]any{"n": 1}}
	asksCommand = facts.Query{Noun: facts.NounCommand, Subject: "nginx -t"}
)

// probeFile stands for the probe where nothing runs it.
func probeFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "probe"))
	require.NoError(t, err)
	_, err = f.WriteString("#!/bin/true\n")
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// echoFacts answers every query with its own ID, and a superset with one more.
func echoFacts(_ *providertest.FakeMachine, req facts.Request) (facts.Answer, error) {
	a := facts.Answer{At: time.Unix(1, 0)}
	for _, q := range req.Queries {
		a.Facts = append(a.Facts, facts.Fact{Query: q, Grade: facts.GradeHost, Attrs: map[string]any{"id": q.ID()}})
	}
	if req.Superset {
		a.Facts = append(a.Facts, facts.Fact{Query: facts.Query{Noun: facts.NounUser, Subject: "root"}, Grade: facts.GradeHost})
		a.Complete = []string{facts.NounUser}
	}
	return a, nil
}

// TestFactsRoutes checks what is asked where, the order and the grades.
func TestFactsRoutes(t *testing.T) {
	t.Parallel()
	const host, ssh, run = facts.GradeHost, facts.GradeGuestSSH, facts.GradeGuestRun
	tests := []struct {
		name   string
		prober bool
		req    facts.Request
		grades []facts.Grade
		probes int
		inside int // probes that came to the guest
	}{
		{"both ways", true, facts.Request{Queries: []facts.Query{asksCommand, asksFile, asksCommand, asksService}}, []facts.Grade{run, host, run, host}, 1, 1},
		{"outside only", true, facts.Request{Queries: []facts.Query{asksFile}, Superset: true}, []facts.Grade{host, host}, 1, 0},
		{"guest program only", true, facts.Request{Queries: []facts.Query{asksCommand}}, []facts.Grade{run}, 0, 1},
		{"superset beside a guest program", true, facts.Request{Queries: []facts.Query{asksCommand}, Superset: true}, []facts.Grade{run, host}, 1, 1},
		{"nothing is a question too", true, facts.Request{}, nil, 1, 0},
		{"no prober", false, facts.Request{Queries: []facts.Query{asksCommand, asksFile}, Superset: true}, []facts.Grade{run, ssh, ssh}, 0, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, m, keys := clone(t, providertest.FakeOptions{Facts: echoFacts})
			if !tt.prober {
				m = dialer(m.Dial)
			}
			s, err := providers.Open(t.Context(), m, "web1", keys.Access("root"), providers.SandboxOptions{Probe: probeFile(t)})
			require.NoError(t, err)
			defer func() { assert.NoError(t, s.Close()) }()
			for range 2 { // one that came stays for the next question
				a, err := s.Facts(t.Context(), tt.req)
				require.NoError(t, err)
				require.Len(t, a.Facts, len(tt.grades))
				for i, fact := range a.Facts {
					if i < len(tt.req.Queries) {
						assert.Equal(t, tt.req.Queries[i], fact.Query)
						assert.Equal(t, fact.Query.ID(), fact.Attrs["id"])
					}
					assert.Equal(t, tt.grades[i], fact.Grade, i)
				}
				assert.Equal(t, tt.req.Superset, len(a.Complete) == 1)
				assert.WithinDuration(t, time.Now(), a.At, time.Minute, "the driver's clock")
			}
			assert.Equal(t, 2*tt.probes, f.Counters().Probes)
			assert.Equal(t, tt.inside, f.Counters().Execs)
		})
	}
}

// A gradedMachine is probed in the guest.
type gradedMachine struct {
	providers.Machine
	providers.Prober
}

func (gradedMachine) ProbeGrade() facts.Grade { return facts.GradeGuestOOB }

// TestFactsGraded: a probe in the guest that calls its facts the host's is not
// believed.
func TestFactsGraded(t *testing.T) {
	t.Parallel()
	_, m, keys := clone(t, providertest.FakeOptions{Facts: echoFacts})
	s, err := providers.Open(t.Context(), gradedMachine{m, m.(providers.Prober)}, "web1", keys.Access("root"), providers.SandboxOptions{Probe: probeFile(t)})
	require.NoError(t, err)
	defer func() { assert.NoError(t, s.Close()) }()
	a, err := s.Facts(t.Context(), facts.Request{Queries: []facts.Query{asksFile}, Superset: true})
	require.NoError(t, err)
	require.Len(t, a.Facts, 2)
	for _, fact := range a.Facts {
		assert.Equal(t, facts.GradeGuestOOB, fact.Grade, fact.Query.ID())
	}
}

// TestFactsLies checks that an answer that is not about what was asked is none.
func TestFactsLies(t *testing.T) {
	t.Parallel()
	fact := func(q facts.Query) facts.Fact { return facts.Fact{Query: q} }
	say := func(a facts.Answer) string {
		b, err := json.Marshal(a)
		require.NoError(t, err)
		return string(b)
	}
	for name, tt := range map[string]struct{ said, want string }{
		"another subject":    {say(facts.Answer{Facts: []facts.Fact{fact(asksService), fact(asksFile)}}), "fact 0 is about"},
		"too few":            {say(facts.Answer{Facts: []facts.Fact{fact(asksFile)}}), "1 facts for 2 queries"},
		"nothing":            {"", "EOF"},
		"no JSON":            {"Segmentation fault", "invalid character"},
		"an unknown field":   {`{"facts":[],"grade":"host"}`, "unknown field"},
		"more than one":      {say(facts.Answer{Facts: []facts.Fact{fact(asksFile), fact(asksService)}}) + "{}", "more after it"},
		"a gigantic one":     {`{"complete":["` + strings.Repeat("x", 17<<20) + `"]}`, "too large"},
		"deep nesting":       {strings.Repeat("[", 1<<20), "read answer"},
		"the wrong type":     {`[1]`, "cannot unmarshal"},
		"a number for facts": {`{"facts":1}`, "cannot unmarshal"},
	} {
		for _, prober := range []bool{true, false} {
			m := lying{said: tt.said}
			f, real, keys := clone(t, providertest.FakeOptions{Exec: func(c providertest.Call) providertest.Answerer {
				if len(c.Argv) != 7 || c.Argv[3] != "benchtest-probe" {
					return nil
				}
				return func(ctx context.Context) int {
					return providertest.Reside(ctx, c, func([]byte) ([]byte, error) { return []byte(tt.said), nil })
				}
			}})
			_ = f
			m.Machine = real
			machine := providers.Machine(m)
			if !prober {
				machine = real
			}
			s, err := providers.Open(t.Context(), machine, "web1", keys.Access("root"), providers.SandboxOptions{Probe: probeFile(t)})
			require.NoError(t, err)
			_, err = s.Facts(t.Context(), facts.Request{Queries: []facts.Query{asksFile, asksService}})
			assert.ErrorContains(t, err, tt.want, "%s, prober %t", name, prober)
			require.NoError(t, s.Close())
		}
	}
}

// lying is a Prober that says what it was told to.
type lying struct {
	providers.Machine
	said string
}

func (l lying) Probe(context.Context, *os.File, []byte) ([]byte, error) { return []byte(l.said), nil }

// TestFactsBroken checks what is left when one of the two ways is broken.
func TestFactsBroken(t *testing.T) {
	t.Parallel()
	both := facts.Request{Queries: []facts.Query{asksCommand, asksFile}}
	dead := errors.New("sshd is gone")
	sshBroken := providertest.FakeOptions{Facts: echoFacts, FailDial: func(*providertest.FakeMachine) error { return dead }}
	short := providers.SandboxOptions{Probe: probeFile(t), ConnectLimit: 100 * time.Millisecond}

	_, m, keys := clone(t, sshBroken)
	s := providers.NewSandbox(m, "web1", keys.Access("root"), short)
	defer func() { assert.NoError(t, s.Close()) }()
	a, err := s.Facts(t.Context(), both)
	require.NoError(t, err, "a guest that breaks its SSH hides nothing that is seen from outside")
	assert.Contains(t, a.Facts[0].Error, "sshd is gone")
	assert.Equal(t, asksCommand, a.Facts[0].Query)
	assert.Empty(t, a.Facts[1].Error)
	_, err = s.Facts(t.Context(), facts.Request{Queries: both.Queries[:1]})
	require.ErrorIs(t, err, dead, "nothing at all could be asked")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Facts(ctx, both)
	require.ErrorIs(t, err, context.Canceled)

	off := errors.New("the machine is off")
	_, m, keys = clone(t, providertest.FakeOptions{Facts: func(*providertest.FakeMachine, facts.Request) (facts.Answer, error) { return facts.Answer{}, off }})
	s = providers.NewSandbox(m, "web1", keys.Access("root"), short)
	defer func() { assert.NoError(t, s.Close()) }()
	_, err = s.Facts(t.Context(), both)
	require.ErrorIs(t, err, off)
	s = providers.NewSandbox(m, "web1", keys.Access("root"), providers.SandboxOptions{})
	defer func() { assert.NoError(t, s.Close()) }()
	_, err = s.Facts(t.Context(), both)
	require.ErrorContains(t, err, "no probe")
}

// TestFactsBesideAHungCommand: what is seen from outside is there when the
// limit of the look is over, whatever a program of the guest's does.
func TestFactsBesideAHungCommand(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	defer close(hang)
	_, m, keys := clone(t, providertest.FakeOptions{Facts: func(m *providertest.FakeMachine, req facts.Request) (facts.Answer, error) {
		if req.Queries[0].GuestRun() {
			<-hang
		}
		return echoFacts(m, req)
	}})
	s, err := providers.Open(t.Context(), m, "web1", keys.Access("root"), providers.SandboxOptions{Probe: probeFile(t)})
	require.NoError(t, err)
	defer func() { assert.NoError(t, s.Close()) }()
	const limit = 2 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	begin := time.Now()
	a, err := s.Facts(ctx, facts.Request{Queries: []facts.Query{asksCommand, asksFile}, Superset: true})
	require.NoError(t, err)
	assert.Less(t, time.Since(begin), limit+time.Second, "the command's end is not waited for")
	require.Len(t, a.Facts, 3)
	assert.Contains(t, a.Facts[0].Error, context.DeadlineExceeded.Error())
	assert.Equal(t, facts.GradeGuestRun, a.Facts[0].Grade)
	assert.Empty(t, a.Facts[1].Error)
	assert.Equal(t, facts.GradeHost, a.Facts[1].Grade)
	assert.NotEmpty(t, a.Complete)
}

// TestFactsProbeKilled: a probe that somebody in the guest kills is missed by
// the question that it had, and comes again for the next.
func TestFactsProbeKilled(t *testing.T) {
	t.Parallel()
	var came atomic.Int64
	_, m, keys := clone(t, providertest.FakeOptions{Exec: func(c providertest.Call) providertest.Answerer {
		first, killed := came.Add(1) == 1, make(chan int)
		asked := 0
		return func(ctx context.Context) int {
			go func() {
				providertest.Reside(ctx, c, func(q []byte) ([]byte, error) {
					if asked++; first && asked == 2 {
						killed <- 137
						<-ctx.Done() // it says no more
					}
					return echo(c.Machine, q)
				})
			}()
			select {
			case status := <-killed:
				return status
			case <-ctx.Done():
				return 0
			}
		}
	}})
	s, err := providers.Open(t.Context(), m, "web1", keys.Access("root"), providers.SandboxOptions{Probe: probeFile(t)})
	require.NoError(t, err)
	defer func() { assert.NoError(t, s.Close()) }()
	req := facts.Request{Queries: []facts.Query{asksFile}}
	for i, want := range []error{nil, talk.ErrEnded, nil} {
		_, err := s.Facts(within(t, 20*time.Second), req)
		require.ErrorIs(t, err, want, i)
	}
	assert.EqualValues(t, 2, came.Load())
}

// echo is echoFacts in words.
func echo(m *providertest.FakeMachine, question []byte) ([]byte, error) {
	var req facts.Request
	if err := json.Unmarshal(question, &req); err != nil {
		return nil, err
	}
	a, err := echoFacts(m, req)
	if err != nil {
		return nil, err
	}
	return json.Marshal(a)
}

// TestFactsPacked: what comes to a slow guest is packed, and is the probe.
func TestFactsPacked(t *testing.T) {
	t.Parallel()
	want := strings.Repeat("probe", 1000)
	file := probeFile(t)
	_, err := file.WriteAt([]byte(want), 0)
	require.NoError(t, err)
	for _, pace := range []float64{0, 4} {
		_, m, keys := clone(t, providertest.FakeOptions{Exec: func(c providertest.Call) providertest.Answerer {
			return func(ctx context.Context) int {
				size, err := strconv.Atoi(c.Argv[5])
				assert.NoError(t, err)
				sent := make([]byte, size)
				_, err = io.ReadFull(c.Stdin, sent)
				assert.NoError(t, err)
				assert.Equal(t, pace > 1, size < len(want))
				unpack := exec.CommandContext(ctx, "/bin/sh", "-c", c.Argv[6])
				unpack.Stdin = bytes.NewReader(sent)
				got, err := unpack.Output()
				assert.NoError(t, err)
				assert.Equal(t, want, string(got))
				return 1
			}
		}})
		s, err := providers.Open(t.Context(), m, "web1", keys.Access("root"), providers.SandboxOptions{Probe: file, Pace: pace})
		require.NoError(t, err)
		_, err = s.Facts(t.Context(), facts.Request{})
		require.ErrorContains(t, err, "send the probe")
		require.NoError(t, s.Close())
	}
}
