package progress

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/benchtest-dev/benchtest/reports/progress/screentest"
)

// Whatever stands or comes onto the terminal stays, but for the block.
func TestScreen(t *testing.T) {
	t.Parallel()
	block := func(n int) []string {
		lines := []string{""}
		for i := range n {
			lines = append(lines, fmt.Sprint("attempt ", i, strings.Repeat(" long", 10)))
		}
		return append(lines, "total")
	}
	for _, tc := range []struct {
		name string
		do   func(tty *screentest.Terminal, s *Screen)
		want string // in the end, with the block
	}{
		{"a block", func(_ *screentest.Terminal, s *Screen) { s.Draw(block(1)) }, "$\n\nATTEMPTS 1\ntotal"},
		{"a smaller one", func(_ *screentest.Terminal, s *Screen) { s.Draw(block(3)); s.Draw(block(1)) }, "$\n\nATTEMPTS 1\ntotal"},
		{"output of ours", func(_ *screentest.Terminal, s *Screen) { s.Draw(block(1)); say(s, "ours\n") }, "$\nours\n\nATTEMPTS 1\ntotal"},
		{"half a line of ours", func(_ *screentest.Terminal, s *Screen) {
			s.Draw(block(1))
			say(s, "half")
			s.Draw(block(2))
		}, "$\nhalf"},
		{"its other half", func(_ *screentest.Terminal, s *Screen) {
			s.Draw(block(1))
			say(s, "half")
			s.Draw(block(2))
			say(s, " and half\n")
		}, "$\nhalf and half\n\nATTEMPTS 2\ntotal"},
		{"a line of somebody else", func(tty *screentest.Terminal, s *Screen) {
			s.Draw(block(1))
			say(tty, "ok  other\n")
			s.Draw(block(2))
		}, "$\nok  other\n\nATTEMPTS 2\ntotal"},
		{"no block any more", func(_ *screentest.Terminal, s *Screen) { s.Draw(block(3)); s.Close(); s.Draw(block(3)) }, "$"},
		{"and output", func(_ *screentest.Terminal, s *Screen) { s.Draw(block(3)); s.Close(); say(s, "summary\n") }, "$\nsummary"},
		{"a terminal that is full", func(tty *screentest.Terminal, s *Screen) {
			for i := range 30 {
				s.Draw(block(8))
				say(s, fmt.Sprintf("line %d\n", i))
			}
			s.Close()
		}, "$\n" + numbered(30)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tty := screentest.New(80, 12)
			say(tty, "$\n")
			s := NewScreen(tty, func() (int, int) { return 80, 12 })
			tc.do(tty, s)
			want := tc.want
			for n := range 4 {
				want = strings.ReplaceAll(want, fmt.Sprint("ATTEMPTS ", n), strings.Join(block(n)[1:n+1], "\n"))
			}
			assert.Equal(t, want, tty.Text())
			assert.Empty(t, tty.Unknown())
		})
	}
}

func numbered(n int) string {
	var lines []string
	for i := range n {
		lines = append(lines, fmt.Sprint("line ", i))
	}
	return strings.Join(lines, "\n")
}

// say is a print to a terminal, which takes everything.
func say(w io.Writer, text string) { _, _ = io.WriteString(w, text) }

// In the background there are no escape sequences, and output goes on.
func TestScreen_background(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	columns := 80
	s := NewScreen(&got, func() (int, int) { return columns, 24 })
	s.Draw([]string{"", "total"})
	drawn := got.Len()
	columns = 0
	say(s, "ours\n")
	s.Close()
	assert.Equal(t, "ours\n", got.String()[drawn:])
}
