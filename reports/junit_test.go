package reports

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

func TestWriteJUnit(t *testing.T) {
	t.Parallel()
	info := RunInfo{RunID: "20260102T030405Z-abcdef", Version: "v0.1.0", Capacity: Capacity{Hostname: "ci"}}
	gated := info
	gated.Gate = "pass^k"
	for _, tt := range []struct {
		name     string
		attempts []Attempt
		info     RunInfo
	}{
		{"full", attempts(), info},
		{"gated", attempts(), gated},
		{"empty", nil, RunInfo{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			require.NoError(t, WriteJUnit(&b, tt.attempts, tt.info))
			golden(t, "junit-"+tt.name+".xml", b.Bytes())
			requireLegalXML(t, b.Bytes())
		})
	}
}

// TestWriteJUnit_counts: what a CI server adds up is what DESIGN.md section 5 says.
func TestWriteJUnit_counts(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	require.NoError(t, WriteJUnit(&b, attempts(), RunInfo{}))
	var f junitFile
	require.NoError(t, xml.Unmarshal(dropTimes(b.Bytes()), &f))
	assert.Equal(t, junitTotals{Tests: 6 + 8, Failures: 3 + 4, Errors: 1}, f.junitTotals)
	types := map[string]string{}
	for _, s := range f.Suites {
		rest := s.junitCounts
		for _, c := range s.Cases {
			assert.Equal(t, strings.Contains(c.Class, "."), strings.Contains(c.Name, "/") && !strings.HasSuffix(c.Name, "/i1") && !strings.HasSuffix(c.Name, "/i2"), "rules are of the class of their attempt")
			rest.Tests--
		}
		assert.Zero(t, rest.Tests, s.Name)
		for _, c := range s.Cases {
			switch {
			case strings.Contains(c.Class, "."):
			case c.Failure != nil:
				types[s.Name+"/"+c.Name] = c.Failure.Type
			case c.Error != nil:
				types[s.Name+"/"+c.Name] = c.Error.Type
			}
		}
	}
	assert.Equal(t, map[string]string{
		"nginx/001-broken-config/i2": "unsafe", "nginx/002-port-taken": "failed",
		"disk/001-full-var": "timeout", "disk/002-inodes": "errored",
	}, types)
}

var writtenTime = regexp.MustCompile(` time="[0-9.]+"`)

// dropTimes takes out the times, which only know how to be written; a text that
// looks like one stays.
func dropTimes(b []byte) []byte { return writtenTime.ReplaceAll(b, nil) }

func TestWriteJUnit_timeIsWithoutQueueing(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	a := Attempt{Key: "a/b", Outcome: rules.Passed, Phases: Phases{Admit: time.Hour, Engine: 1500 * time.Millisecond}}
	require.NoError(t, WriteJUnit(&b, []Attempt{a}, RunInfo{}))
	assert.Contains(t, b.String(), `<testcase classname="a" name="b" time="1.500">`)
}

func TestWriteJUnit_hostile(t *testing.T) {
	t.Parallel()
	var controls strings.Builder
	for c := range 0x20 {
		controls.WriteByte(byte(c))
	}
	for _, tt := range []struct{ name, text, want string }{
		{"controls", controls.String(), `\x00\x01\x02\x03\x04\x05\x06\x07\x08` + "\t\n" + `\x0b\x0c` + "\r" + `\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f`},
		{"noncharacters", "a\ufffeb\uffffc", `a\ufffeb\uffffc`},
		{"lone surrogates", "a\xed\xa0\x80b\xed\xbf\xbfc", `a\xed\xa0\x80b\xed\xbf\xbfc`},
		{"invalid UTF-8", "a\xff\xc0\xafb\xf4\x90\x80\x80", `a\xff\xc0\xafb\xf4\x90\x80\x80`},
		{"end of CDATA", "a]]>b<![CDATA[c", "a]]>b<![CDATA[c"},
		{"markup", `</failure><a b="c" d='e'>&amp;&#0;`, `</failure><a b="c" d='e'>&amp;&#0;`},
		{"comment and instruction", "<!-- -- --><?xml version='9'?><!DOCTYPE x [<!ENTITY y 'z'>]>&y;", "<!-- -- --><?xml version='9'?><!DOCTYPE x [<!ENTITY y 'z'>]>&y;"},
		{"ANSI", "\x1b[31mred\x1b[0m \x1b]0;t\x07\x1b[", `red \x1b]0;t\x07\x1b[`},
		{"astral and replacement", "😀\ufffd", "😀\ufffd"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x := tt.text
			a := Attempt{
				Key: x + "/" + x, Outcome: rules.Failed, Reason: x, Provider: x, Engine: x, Tags: []string{x}, Dir: x, Retries: []string{x},
				Results: []rules.Result{{Label: x, Scope: rules.ScopeState, Required: true, Status: rules.DoesNotHold, Expected: x, Got: x, Raw: x, Reason: x}},
			}
			var b bytes.Buffer
			require.NoError(t, WriteJUnit(&b, []Attempt{a}, RunInfo{RunID: x, Capacity: Capacity{Hostname: x}}))
			requireLegalXML(t, b.Bytes())
			var f junitFile
			require.NoError(t, xml.Unmarshal(dropTimes(b.Bytes()), &f))
			require.Len(t, f.Suites, 1)
			c := f.Suites[0].Cases[0]
			assert.Equal(t, tt.want, c.Failure.Message)
			assert.Contains(t, string(c.Failure.Text), strings.ReplaceAll(tt.want, "\n", "\n             "))
			assert.Contains(t, string(c.Out), "state/"+tt.want+": does-not-hold", "a sequence that is left open takes nothing of ours")
			assert.Contains(t, string(c.Out), "retried: "+tt.want)
			assert.Equal(t, tt.want, f.Suites[0].Hostname)
		})
	}
}

// TestWriteJUnit_flood: a guest that printed much does not make a large file.
func TestWriteJUnit_flood(t *testing.T) {
	t.Parallel()
	flood := strings.Repeat("ä\x00", 1<<20)
	a := Attempt{Key: "a/b", Outcome: rules.Failed, Reason: flood, Results: []rules.Result{{Label: "l", Required: true, Status: rules.DoesNotHold, Raw: flood}}}
	var b bytes.Buffer
	require.NoError(t, WriteJUnit(&b, []Attempt{a}, RunInfo{}))
	requireLegalXML(t, b.Bytes())
	assert.Less(t, b.Len(), 1<<20)
}

func requireLegalXML(t *testing.T, b []byte) {
	t.Helper()
	require.True(t, utf8.Valid(b))
	for _, r := range string(b) {
		require.True(t, xmlChar(r), "%U", r)
	}
	dec := xml.NewDecoder(bytes.NewReader(b))
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			require.NoError(t, err)
		}
	}
}
