package journalfile_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts/collect/journalfile"
	"github.com/benchtest-dev/benchtest/benchtest/facts/collect/journalfile/journaltest"
)

// read lists the entries of a file as "REALTIME FIELD FIELD".
func read(file []byte, since uint64) ([]string, error) {
	f, err := journalfile.Open(bytes.NewReader(file), since)
	if err != nil {
		return nil, err
	}
	var all []string
	for e, err := range f.Entries(since) {
		if err != nil {
			return all, err
		}
		var line strings.Builder
		fmt.Fprint(&line, e.Realtime)
		for field, err := range e.Fields() {
			if err != nil {
				return all, err
			}
			line.WriteByte(' ')
			line.Write(field[:min(len(field), 1000)])
		}
		all = append(all, line.String())
	}
	return all, nil
}

func TestRead(t *testing.T) {
	t.Parallel()
	long := "MESSAGE=" + strings.Repeat("x", 700)
	tests := []struct {
		name    string
		compact bool
		pack    journaltest.Pack
	}{
		{"regular", false, nil},
		{"compact", true, nil},
		{"zstd", true, journaltest.Zstd},
		{"lz4", false, journaltest.LZ4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := journaltest.New(t)
			b.Compact = tt.compact
			b.Pack = tt.pack
			want := []string{"10 A=1 MESSAGE=first", "20 MESSAGE=second", "30 " + long, "40 A=1", "50 MESSAGE="}
			for _, line := range want {
				at, fields, _ := strings.Cut(line, " ")
				var realtime uint64
				_, err := fmt.Sscan(at, &realtime)
				require.NoError(t, err)
				b.Entry(realtime, strings.Fields(fields)...)
			}
			file := b.Finish()
			got, err := read(file, 0)
			require.NoError(t, err)
			assert.Equal(t, want, got)
			got, err = read(file, 30)
			require.NoError(t, err)
			assert.Equal(t, want[2:], got)
			got, err = read(file, 51)
			require.NoError(t, err)
			assert.Empty(t, got)
		})
	}
}

func TestGiantsAreCut(t *testing.T) {
	t.Parallel()
	for name, pack := range map[string]journaltest.Pack{"plain": nil, "zstd": journaltest.Zstd, "lz4": journaltest.LZ4} {
		b := journaltest.New(t)
		b.Pack = pack
		b.Entry(10, "COREDUMP="+strings.Repeat("x", 3<<20))
		f, err := journalfile.Open(bytes.NewReader(b.Finish()), 0)
		require.NoError(t, err)
		for e, err := range f.Entries(0) {
			require.NoError(t, err, name)
			for field, err := range e.Fields() {
				require.NoError(t, err, name)
				assert.Len(t, field, 64<<10, name)
			}
		}
	}
}

func TestBadFiles(t *testing.T) {
	t.Parallel()
	good := func() []byte {
		b := journaltest.New(t)
		b.Entry(10, "MESSAGE=a")
		b.Entry(20, "MESSAGE=b")
		b.Entry(30, "MESSAGE=c")
		return b.Finish()
	}
	firstArray := binary.LittleEndian.Uint64(good()[176:])
	put := func(at, v uint64) func([]byte) []byte {
		return func(b []byte) []byte {
			binary.LittleEndian.PutUint64(b[at:], v)
			return b
		}
	}
	tests := []struct {
		name   string
		damage func([]byte) []byte
	}{
		{"empty", func([]byte) []byte { return nil }},
		{"another file", func(b []byte) []byte { copy(b, "#!/bin/s"); return b }},
		{"features from the future", func(b []byte) []byte { b[12] = 0xff; return b }},
		{"tail beyond the end", put(136, 1<<40)},
		{"tail in the header's middle", put(136, 8)},
		{"first array is no array", put(176, 272)},
		{"first array not aligned", put(176, firstArray+1)},
		{"arrays in a circle", put(firstArray+16, firstArray)},
		{"array of size 1", put(firstArray+8, 1)},
		{"array larger than the file", put(firstArray+8, 1<<50)},
		{"entry that is no entry", put(firstArray+24, 272)},
		{"xz", func(b []byte) []byte { b[272+1] = 1; return b }},
		{"zstd that is none", func(b []byte) []byte { b[272+1] = 4; return b }},
		{"lz4 that is none", func(b []byte) []byte { b[272+1] = 2; return b }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := read(tt.damage(good()), 0)
			require.Error(t, err)
		})
	}
}
