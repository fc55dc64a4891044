//go:build linux

package collect

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func TestRunAnswersInOrderAndNeverFailsAsAWhole(t *testing.T) {
	t.Parallel()
	e := testEnv(t, map[string]string{"etc/passwd": passwdFile}, nil)
	answer := Run(t.Context(), e, facts.Request{Queries: []facts.Query{
		{Noun: facts.NounUser, Subject: "root"},
		{Noun: "database", Subject: "x"},
		{Noun: facts.NounScript, Subject: "validate.sh"},
		{Noun: facts.NounFile, Subject: "/x", Params: map[string]any{"colour": "red"}},
		{Noun: facts.NounHTTP, Subject: "http://127.0.0.1", Params: map[string]any{"method": 7.0}},
		{Noun: facts.NounUser, Subject: "web"},
	}})
	require.Len(t, answer.Facts, 6)
	assert.Equal(t, true, answer.Facts[0].Attrs["exists"])
	assert.Contains(t, answer.Facts[1].Error, "not supported by this version")
	assert.Contains(t, answer.Facts[2].Error, "asked by the driver")
	assert.Contains(t, answer.Facts[3].Error, `no parameter "colour"`)
	assert.Contains(t, answer.Facts[4].Error, "parameter method: want a string")
	assert.InDelta(t, 33.0, answer.Facts[5].Attrs["uid"], 0)
	for _, f := range answer.Facts {
		assert.Equal(t, facts.GradeGuestSSH, f.Grade)
		if f.Error != "" {
			assert.Nil(t, f.Attrs)
		}
	}
	assert.Equal(t, testNow(), answer.At)
	assert.Empty(t, answer.Complete)
}

func TestCommandsAreNotRunFromOutside(t *testing.T) {
	t.Parallel()
	e := testEnv(t, map[string]string{"etc/passwd": passwdFile}, nil)
	e.Guest, e.Grade = &Guest{}, facts.GradeHost
	fact := askOne(t, e, facts.Query{Noun: facts.NounCommand, Subject: "true"})
	assert.Equal(t, "guest-run: ask over SSH", fact.Error)
	assert.Equal(t, facts.GradeGuestRun, fact.Grade)
}

func TestAPanicIsTheFactsOwn(t *testing.T) {
	t.Parallel()
	s := newTestSession(testEnv(t, nil, nil), time.Second)
	s.collectors[facts.NounDNS] = func(context.Context, *session, facts.Query) (finding, error) { panic("ouch") }
	fact := s.ask(t.Context(), facts.Query{Noun: facts.NounDNS, Subject: "x"})
	assert.Contains(t, fact.Error, "collector panicked: ouch")
}

func TestACollectorThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	e := testEnv(t, nil, nil)
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := newTestSession(e, time.Minute)
		s.collectors[facts.NounDNS] = func(context.Context, *session, facts.Query) (finding, error) {
			<-release // deaf to its context, as a read of a dead mount is
			return finding{}, nil
		}
		begin := time.Now()
		fact := s.ask(t.Context(), facts.Query{Noun: facts.NounDNS, Subject: "x"})
		assert.Equal(t, "no answer within 1m0s", fact.Error)
		assert.Equal(t, time.Minute+grace, time.Since(begin))
		close(release)
	})
}

func TestValuesAreBoundedAndAsJSONHasThem(t *testing.T) {
	t.Parallel()
	s := newSession(t.Context(), testEnv(t, nil, nil), facts.Request{MaxBytes: 4})
	fact := facts.Fact{Query: facts.Query{Noun: facts.NounHTTP}}
	s.fill(&fact, finding{raw: "12345", attrs: map[string]any{
		"status": 200, "body": "abcdef", "headers": []string{"Server: a\xffb"}, "certificate": map[string]any{"days-left": uint32(1)},
	}}, nil)
	assert.Equal(t, map[string]any{
		"status": 200.0, "body": "abcd", "headers": list("Server: a\uFFFDb"),
		"certificate": map[string]any{"days-left": 1.0}, "latency": nil, "program": nil,
	}, fact.Attrs)
	assert.Equal(t, "1234", fact.Raw)
	assert.True(t, fact.Truncated)
}

func TestOnceForgetsAnAnswerThatWasCutOff(t *testing.T) {
	t.Parallel()
	var o once[int]
	_, err := o.get(func() (int, error) { return 0, context.DeadlineExceeded })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	got, err := o.get(func() (int, error) { return 7, nil })
	require.NoError(t, err)
	assert.Equal(t, 7, got)
	got, _ = o.get(func() (int, error) { panic("asked again") })
	assert.Equal(t, 7, got)
}

func TestSuperset(t *testing.T) {
	t.Parallel()
	proc := map[string]string{"self/mountinfo": mountInfo}
	fakeProcess(proc, "1", "init", "/sbin/init", "init", "0", "10")
	fakeProcess(proc, "9", "script", "/usr/bin/python3.11", "python script", "0", "20")
	e := testEnv(t, map[string]string{
		"etc/passwd": passwdFile, "etc/group": groupFile, "var/lib/dpkg/status": dpkgStatus,
		"data/": "", "proc/": "", "srv/my data/": "",
	}, proc)
	answer := Run(t.Context(), e, facts.Request{Superset: true})
	assert.Equal(t, []string{"group", "mount", "package", "port", "process", "user"}, answer.Complete)
	snap := facts.NewSnapshot("web1", facts.Healthy, 0, answer)
	for _, id := range []string{
		"process:script", "process:python3.11", "package:nginx", "user:web", "group:docker", "mount:/srv/my data",
	} {
		assert.Contains(t, snap.Facts, id)
	}
	assert.Equal(t, "no systemd runs on this machine", snap.Facts["service:*"].Error)
	assert.NotContains(t, snap.Facts, "package:apache2", "what is not installed is absent")
	assert.InDelta(t, 33.0, snap.Facts["user:web"].Attrs["uid"], 0, "the first line of a user counts")
}
