package reports

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

func repeat(a Attempt) string {
	return "go test ./scenarios/... -count=1 -run '^Test_" + strings.Replace(a.Key, "/", "$/^", 1) + "$' -benchtest.engine=command -benchtest.seed=7"
}

func TestWriteSummary(t *testing.T) {
	t.Parallel()
	full := SummaryOptions{
		RepeatCommand: repeat,
		RecordDir:     "/var/lib/benchtest/runs/20260102T030405Z-abcdef",
		Notes:         []string{`3 more scenarios are tagged "nginx": -benchtest.scenarios=nginx runs them`},
	}
	wide, narrow, color := full, full, full
	wide.Width, narrow.Width, color.Width, color.Color = 120, 60, 100, true
	hostile := attempts()[2:3]
	hostile[0].Reason = "\x1b[2J\x1b]0;owned\x07line one\nline two \u202egnp.exe \xff\x00\r"
	for _, tt := range []struct {
		name     string
		attempts []Attempt
		o        SummaryOptions
	}{
		{"plain", attempts(), full},
		{"wide", attempts(), wide},
		{"narrow", attempts(), narrow},
		{"color", attempts(), color},
		{"hostile", hostile, full},
		{"passed", attempts()[:1], SummaryOptions{RecordDir: "/runs/r"}},
		{"nothing", nil, SummaryOptions{}},
		{"skipped", attempts()[5:], SummaryOptions{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			require.NoError(t, WriteSummary(&b, tt.attempts, tt.o))
			golden(t, "summary-"+tt.name+".txt", b.Bytes())
			for l := range strings.Lines(b.String()) {
				l = strings.TrimSuffix(l, "\n")
				assert.Equal(t, strings.TrimRight(l, " "), l, "no trailing space")
				plain := stripANSI(l)
				kept := strings.Contains(l, "go test") || strings.HasPrefix(l, "record:") || strings.HasPrefix(l, "note:") || strings.HasPrefix(l, "skipped")
				if tt.o.Width > 0 && !kept {
					assert.LessOrEqual(t, utf8.RuneCountInString(plain), tt.o.Width, "%q", plain)
				}
				if !tt.o.Color {
					assert.Equal(t, oneLine(l), l, "nothing but printable text")
				}
			}
		})
	}
}

func TestWriteSummary_keepsOrder(t *testing.T) {
	t.Parallel()
	list := attempts()
	require.NoError(t, WriteSummary(&bytes.Buffer{}, list, SummaryOptions{}))
	assert.Equal(t, attempts(), list, "the caller's slice is not sorted")
}

func TestHuman(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		d    time.Duration
		want string
	}{
		{0, "-"},
		{-1, "-"},
		{1, "<1ms"},
		{12 * time.Millisecond, "12ms"},
		{994 * time.Millisecond, "994ms"},
		{999 * time.Millisecond, "1.0s"},
		{1200 * time.Millisecond, "1.2s"},
		{59949 * time.Millisecond, "59.9s"},
		{59950 * time.Millisecond, "1m00s"},
		{125 * time.Second, "2m05s"},
		{time.Hour - time.Second, "59m59s"},
		{time.Hour - 400*time.Millisecond, "1h00m"},
		{62 * time.Minute, "1h02m"},
	} {
		assert.Equal(t, tt.want, Human(tt.d), tt.d.String())
	}
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "grün ✓", "grün ✓"},
		{"colour", "\x1b[1;31mred\x1b[0m", "red"},
		{"title", "\x1b]0;evil\x07x\x1b]8;;http://a\x1b\\y", `\x1b]0;evil\x07x\x1b]8;;http://a\x1b\y`},
		{"lone escape", "a\x1b", `a\x1b`},
		{"lines", "a\r\nb\tc", `a\x0d\nb\tc`},
		{"invalid", "a\xffb\xed\xa0\x80", `a\xffb\xed\xa0\x80`},
		{"bidi", "a\u202eb", `a\u202eb`},
		{"c1", "a\u009b31m", `a\u009b31m`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, oneLine(tt.in))
		})
	}
}

func TestCompliance(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "-", compliance(Attempt{Results: []rules.Result{{Scope: rules.ScopeState}}}))
	assert.Equal(t, "1/2", compliance(attempts()[0]))
}
