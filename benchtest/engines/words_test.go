package engines

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSplitTrace(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{"nginx -t\n", []string{"nginx", "-t"}},
		{"echo 'a  b' ''", []string{"echo", "a  b", ""}},
		{`echo 'it'\''s'`, []string{"echo", "it's"}},
		{`echo $'a\nb\t\x41\101\'\\\e'`, []string{"echo", "a\nb\tAA'\\\x1b"}},
		{`echo "a \"b\" \$c \d"`, []string{"echo", `a "b" $c \d`}},
		{"x='a\nb' y", []string{"x=a\nb", "y"}},
		{`sed -i s/a/b/ a\ b`, []string{"sed", "-i", "s/a/b/", "a b"}},
		{"echo 'open", []string{"echo", "open"}},
		{`echo "open`, []string{"echo", "open"}},
		{`echo $'open\`, []string{"echo", `open\`}},
		{`echo $'\x'`, []string{"echo", ""}},
		{`end\`, []string{`end\`}},
		{"echo grün", []string{"echo", "grün"}},
	} {
		assert.Equal(t, tt.want, splitTrace(tt.in), "%q", tt.in)
	}
}

func TestParseTrace(t *testing.T) {
	t.Parallel()
	const n = "nonce"
	const trace = "noise before\n" +
		"+nonce 1767323045.000006 set -eu\n" +
		"+nonce 1767323045,000006 sudo nginx -t\n" +
		"+++nonce 1767323046.5 too few digits\n" +
		"++nonce 1767323046.123456 date '+%s\nnonce 2 x'\n" +
		"+nonce 1767323047.000000 now=17\n" +
		"+nonce 1767323047.000000 A=1 B='x y'\n" +
		"+nonce 1767323047.000000 A=1 make all\n" +
		"+nonce 1767323047.000000 a[0]=1\n" +
		"+nonce 1767323047.000000 for f in a b\n" +
		"+nonce 1767323047.000000 [[ -e x ]]\n" +
		"+nonce 1767323047.000000 exec\n" +
		"+nonce 1767323047.000000 systemctl restart ngi"
	got := parseTrace(trace, n, "web1")
	var texts []string
	for _, c := range got {
		texts = append(texts, c.String())
	}
	assert.Equal(t, []string{
		// A line in the trace that is no record belongs to the one before it.
		"sudo nginx -t +++nonce 1767323046.5 too few digits",
		"date +%s\nnonce 2 x", "A=1 make all", "systemctl restart ngi",
	}, texts)
	require.Equal(t, time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), got[0].At)
	assert.Empty(t, parseTrace("", n, "web1"))
}

func TestTail(t *testing.T) {
	t.Parallel()
	long := make([]byte, 3*maxSummary)
	for i := range long {
		long[i] = 'x'
		if i%100 == 99 {
			long[i] = '\n'
		}
	}
	got := tail(string(long) + "last line\n")
	assert.LessOrEqual(t, len(got), maxSummary)
	assert.Regexp(t, `(?s)^x{99}\n.*xlast line$`, got)
	assert.Equal(t, "a\ufffdb", tail(" a\xffb\n"))
}
