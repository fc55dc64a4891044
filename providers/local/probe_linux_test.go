package local_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/facts/probebin"
	"github.com/benchtest-dev/benchtest/providers"
)

func TestProbeSeesTheGuestFromOutside(t *testing.T) {
	t.Parallel()
	p, tmpl := live(t)
	m, ring := clone(t, p, tmpl, "benchtest-probed", "web1")
	s := shell(t, m, "web1", ring)
	run(t, s, "systemctl", "is-system-running", "--wait")
	bin, err := probebin.Open(t.Context(), t.TempDir())
	require.NoError(t, err)
	defer bin.Close()

	request, err := json.Marshal(facts.Request{Queries: []facts.Query{
		{Noun: facts.NounService, Subject: "ssh"}, {Noun: facts.NounFile, Subject: "/etc/hostname"},
	}})
	require.NoError(t, err)
	start := time.Now()
	out, err := m.(providers.Prober).Probe(t.Context(), bin, request)
	require.NoError(t, err)
	t.Logf("one probe took %v", time.Since(start))
	var answer facts.Answer
	require.NoError(t, json.Unmarshal(out, &answer))
	require.Len(t, answer.Facts, 2)
	assert.Equal(t, true, answer.Facts[0].Attrs["running"], "%+v", answer.Facts[0])
	assert.Equal(t, true, answer.Facts[1].Attrs["exists"], "%+v", answer.Facts[1])
	assert.Equal(t, facts.GradeHost, answer.Facts[1].Grade)

	_, err = m.(providers.Prober).Probe(t.Context(), bin, []byte("no request"))
	require.ErrorContains(t, err, "read request")
}
