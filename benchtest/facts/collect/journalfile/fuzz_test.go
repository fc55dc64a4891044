package journalfile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts/collect/journalfile"
	"github.com/benchtest-dev/benchtest/benchtest/facts/collect/journalfile/journaltest"
)

// FuzzRead: whatever a file says, reading it ends, in entries that there is
// room for in it and in fields that are bounded, and reads the same again.
func FuzzRead(f *testing.F) {
	for _, pack := range []journaltest.Pack{journaltest.Zstd, journaltest.LZ4} {
		b := journaltest.New(f)
		b.Compact = true
		b.Pack = pack
		b.Entry(10, "MESSAGE=a", "_PID=1")
		b.Entry(20, "MESSAGE="+strings.Repeat("x", 100))
		b.Entry(30, "MESSAGE=c")
		f.Add(b.Finish(), uint64(15))
	}
	f.Fuzz(func(t *testing.T, file []byte, since uint64) {
		got, err := read(slices.Clone(file), since)
		if err != nil {
			require.NotEmpty(t, err.Error())
		}
		require.LessOrEqual(t, len(got), len(file)/4, "an entry takes a word of a list")
		again, errAgain := read(file, since)
		require.Equal(t, got, again)
		require.Equal(t, err, errAgain)
	})
}

// FuzzExpand: a packed field is expanded to no more than a field may be.
func FuzzExpand(f *testing.F) {
	f.Fuzz(func(t *testing.T, flag uint8, packed []byte) {
		b := journaltest.New(t)
		b.Pack = func(testing.TB, []byte) (byte, []byte) { return flag & 7, packed }
		b.Entry(10, "MESSAGE=x")
		file, err := journalfile.Open(strings.NewReader(string(b.Finish())), 0)
		require.NoError(t, err)
		for e, err := range file.Entries(0) {
			require.NoError(t, err)
			for field, err := range e.Fields() {
				require.LessOrEqual(t, len(field), 64<<10)
				if flag&7 == 0 {
					require.NoError(t, err)
					require.Equal(t, string(packed), string(field))
				}
			}
		}
	})
}
