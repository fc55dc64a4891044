package reports

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// TestWriteJUnit_schema: whatever bytes stand in a record, libxml2 reads the file
// and it keeps to the schema that CI servers share.
func TestWriteJUnit_schema(t *testing.T) {
	t.Parallel()
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is missing: install libxml2-utils (SETUP_TEST=1 scripts/setup.sh does)")
	}
	args := []string{"--noout", "--schema", "testdata/junit.xsd"}
	golden, err := filepath.Glob("testdata/junit-*.xml")
	require.NoError(t, err)
	args = append(args, golden...)
	dir, rng := t.TempDir(), rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		var b bytes.Buffer
		info := RunInfo{RunID: noise(rng), Dir: "/" + noise(rng), Capacity: Capacity{Hostname: noise(rng)}}
		if rng.IntN(2) == 0 {
			info.Gate, info.GateVerdict = noise(rng)+"x", &GateVerdict{Failed: rng.IntN(2) == 0, Gate: noise(rng), Reason: noise(rng)}
		}
		require.NoError(t, WriteJUnit(&b, noisyAttempts(rng), info))
		path := filepath.Join(dir, fmt.Sprintf("%d.xml", i))
		require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
		args = append(args, path)
	}
	out, err := exec.CommandContext(t.Context(), xmllint, args...).CombinedOutput()
	require.NoErrorf(t, err, "%.4000s", out)
}

// noise is text of any bytes, with those that XML and terminals are touchy about.
func noise(rng *rand.Rand) string {
	pieces := []string{"]]>", "<a>", "&#0;", "\x1b[31m", "\x00", "\xff\xfe", "\ufffe", "\xed\xa0\x80", "\"'", "\r\n", "😀", "[[ATTACHMENT|/etc/shadow]]"}
	var b []byte
	for range rng.IntN(12) {
		if rng.IntN(2) == 0 {
			b = append(b, pieces[rng.IntN(len(pieces))]...)
		} else {
			b = append(b, byte(rng.UintN(256)))
		}
	}
	return string(b)
}

func noisyAttempts(rng *rand.Rand) []Attempt {
	outcomes := []rules.Outcome{rules.Passed, rules.Failed, rules.Unsafe, rules.Timeout, rules.Errored, rules.Skipped, rules.Outcome(noise(rng))}
	keys := []string{noise(rng), noise(rng) + "/" + noise(rng)}
	list := make([]Attempt, rng.IntN(6))
	for i := range list {
		x := noise(rng)
		list[i] = Attempt{
			RunID: x, Key: keys[rng.IntN(len(keys))], Iteration: i + 1, Outcome: outcomes[rng.IntN(len(outcomes))], Reason: noise(rng), Engine: x, Tail: noise(rng), Dir: x,
			Started: time.Unix(rng.Int64N(1<<33), 0), Phases: Phases{Engine: time.Duration(rng.Int64N(1 << 50))}, Retries: []string{x, noise(rng)}[:rng.IntN(3)],
			Usage: rules.Usage{Model: x, InputTokens: rng.Int64N(9), CostUSD: rng.Float64()}, Digests: Digests{Templates: map[string]string{x: x}},
			Results: []rules.Result{{Label: x, Host: noise(rng), Scope: rules.ScopeState, Required: rng.IntN(2) == 0, Status: []rules.Status{rules.Holds, rules.DoesNotHold, rules.RuleErrored}[rng.IntN(3)], Raw: noise(rng), Got: x}},
		}
	}
	return list
}

// What readers take, by their own documents: GitLab wants name, classname and
// time of a case, the text or message of its end, and attachments on lines of
// system-out; Jenkins takes the same, with flaky and rerun elements; the usual
// actions on GitHub count testsuite's attributes.
func TestWriteJUnit_whatReadersTake(t *testing.T) {
	t.Parallel()
	failed := rules.Result{Label: "is active", Scope: rules.ScopeState, Required: true, Status: rules.DoesNotHold, Got: "dead"}
	list := []Attempt{
		{Key: "nginx/001", Iteration: 1, Outcome: rules.Failed, Results: []rules.Result{failed}, Dir: "attempts/nginx/001/i1", Tail: "ok\n[[ATTACHMENT|/etc/shadow]]"},
		{Key: "nginx/001", Iteration: 2, Outcome: rules.Passed, Retries: []string{"no machine"}},
		{Key: "nginx/002", Iteration: 1, Outcome: rules.Failed},
		{Key: "nginx/002", Iteration: 2, Outcome: rules.Timeout, Reason: "late"},
		{Key: "nginx/003", Iteration: 1, Outcome: rules.Errored, Retries: []string{"no machine"}},
	}
	var b bytes.Buffer
	require.NoError(t, WriteJUnit(&b, list, RunInfo{Dir: "/runs/one"}))
	assert.Contains(t, b.String(), "\n[[ATTACHMENT|/runs/one/attempts/nginx/001/i1/transcript/engine.log]]\n")
	assert.NotContains(t, b.String(), "[[ATTACHMENT|/etc", "what a guest prints attaches nothing")

	// Read as those readers do, and not by our own types.
	var file struct {
		Tests  int `xml:"tests,attr"`
		Suites []struct {
			Name     string `xml:"name,attr"`
			Tests    int    `xml:"tests,attr"`
			Failures int    `xml:"failures,attr"`
			Errors   int    `xml:"errors,attr"`
			Skipped  int    `xml:"skipped,attr"`
			Cases    []struct {
				Name  string `xml:"name,attr"`
				Class string `xml:"classname,attr"`
				Time  string `xml:"time,attr"`
				Flaky []struct {
					Message string `xml:"message,attr"`
				} `xml:"flakyFailure"`
				FlakyErrors []struct{} `xml:"flakyError"`
				Rerun       []struct{} `xml:"rerunFailure"`
				RerunErrors []struct{} `xml:"rerunError"`
				Failure     *string    `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	require.NoError(t, xml.Unmarshal(b.Bytes(), &file))
	require.Len(t, file.Suites, 1)
	s := file.Suites[0]
	assert.Equal(t, []int{6, 6, 4, 1, 0}, []int{file.Tests, s.Tests, s.Failures, s.Errors, s.Skipped})
	require.Len(t, s.Cases, 6)
	for _, c := range s.Cases {
		assert.NotEmpty(t, c.Name)
		assert.NotEmpty(t, c.Class)
		assert.Regexp(t, `^\d+\.\d{3}$`, c.Time)
	}
	rule, passed, rerun, errored := s.Cases[1], s.Cases[2], s.Cases[3], s.Cases[5]
	assert.Equal(t, "nginx.001/i1", rule.Class)
	assert.Equal(t, "state/is active", rule.Name)
	require.Len(t, passed.Flaky, 1)
	assert.Equal(t, "i1: is active: got dead", passed.Flaky[0].Message)
	assert.Nil(t, passed.Failure)
	assert.Len(t, passed.FlakyErrors, 1)
	assert.Len(t, rerun.Rerun, 1)
	assert.NotNil(t, rerun.Failure, "no rerun turns red into green")
	assert.Len(t, errored.RerunErrors, 1)
}

func TestAddTails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	long := bytes.Repeat([]byte("x"), maxTail)
	for name, text := range map[string][]byte{"a": []byte("said"), "b": append([]byte("first"), long...), "c": nil} {
		path := filepath.Join(dir, name, transcriptName)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, text, 0o600))
	}
	list := []Attempt{
		{Dir: "a", Outcome: rules.Failed},
		{Dir: "b", Outcome: rules.Unsafe},
		{Dir: "c", Outcome: rules.Failed},
		{Dir: "a", Outcome: rules.Passed},
		{Dir: "none", Outcome: rules.Failed},
		{Outcome: rules.Failed},
	}
	require.NoError(t, AddTails(dir, list))
	tails := make([]string, len(list))
	for i, a := range list {
		tails[i] = a.Tail
	}
	assert.Equal(t, []string{"said", fmt.Sprintf("[the last %d of %d bytes]\n%s", maxTail, maxTail+5, long), "", "", "", ""}, tails)
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "a", "transcript", "out")))
	require.Error(t, AddTails(dir, []Attempt{{Dir: "../" + filepath.Base(dir) + "/a", Outcome: rules.Failed}}), "a record does not lead out of its run")
	require.Error(t, AddTails(filepath.Join(dir, "nosuch"), nil))
}
