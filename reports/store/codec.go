package store

import (
	"fmt"
	"strings"
	"time"
)

// Bounds of what one attempt may put into the database. What goes beyond them
// stays in the run's directory alone.
const (
	maxText       = 64 << 10 // bytes of one text column
	maxBody       = 1 << 20  // bytes of one compressed column
	maxTranscript = 16 << 20 // bytes of a transcript that are tried
	maxDecoded    = 64 << 20 // bytes that one body may unpack to
)

// text is s as both databases can hold it, with a mark where it is cut.
func text(s string) string {
	if len(s) > maxText {
		s = fmt.Sprintf("%s\n[benchtest: cut, %d bytes in all]\n", s[:maxText], len(s))
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "␀")
}

func unixMS(t time.Time) int64 { return t.UnixMilli() }

// fromMS is unixMS's inverse.
func fromMS(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// inMS is a duration as columns that end in _ms hold it.
func inMS(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
