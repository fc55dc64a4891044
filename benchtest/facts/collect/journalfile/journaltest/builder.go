// Package journaltest writes journal files for tests.
package journaltest

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// A Pack compresses a field; it returns the flag of the object and its bytes.
type Pack func(testing.TB, []byte) (flag byte, packed []byte)

// A Builder lays out a journal file by hand, object after object, after the
// format's documentation. It is not for concurrent use.
type Builder struct {
	// Compact files have offsets of four bytes.
	Compact bool
	// Pack compresses every field; nil leaves them plain.
	Pack Pack

	tb      testing.TB
	b       []byte
	entries []uint64
	last    uint64
	tail    uint64
}

// New starts a file.
func New(tb testing.TB) *Builder {
	tb.Helper()
	return &Builder{tb: tb, b: make([]byte, 272)}
}

// object appends an object and returns its offset.
func (b *Builder) object(kind, flags byte, body []byte) uint64 {
	for len(b.b)%8 != 0 {
		b.b = append(b.b, 0)
	}
	b.tail = uint64(len(b.b))
	b.b = append(b.b, kind, flags, 0, 0, 0, 0, 0, 0)
	b.b = binary.LittleEndian.AppendUint64(b.b, uint64(16+len(body)))
	b.b = append(b.b, body...)
	return b.tail
}

func (b *Builder) data(field string) uint64 {
	head := 48
	if b.Compact {
		head = 56
	}
	var flag byte
	payload := []byte(field)
	if b.Pack != nil {
		flag, payload = b.Pack(b.tb, payload)
	}
	return b.object(1, flag, append(make([]byte, head), payload...))
}

func (b *Builder) word(body []byte, v uint64) []byte {
	if b.Compact {
		return binary.LittleEndian.AppendUint32(body, uint32(v))
	}
	return binary.LittleEndian.AppendUint64(body, v)
}

// Entry adds an entry of fields like "MESSAGE=text", received at realtime
// (microseconds since 1970). Entries come in the order of time.
func (b *Builder) Entry(realtime uint64, fields ...string) {
	body := make([]byte, 48)
	binary.LittleEndian.PutUint64(body[8:], realtime)
	for _, f := range fields {
		body = b.word(body, b.data(f))
		if !b.Compact {
			body = append(body, make([]byte, 8)...) // the item's hash
		}
	}
	b.entries = append(b.entries, b.object(3, 0, body))
	b.last = realtime
}

// Finish returns the file. It writes the entries in arrays of at most two, each with one place that
// is not used yet, and the header.
func (b *Builder) Finish() []byte {
	var first, previous uint64
	for entries := b.entries; len(entries) > 0; {
		n := min(2, len(entries))
		body := make([]byte, 8)
		for _, e := range entries[:n] {
			body = b.word(body, e)
		}
		if entries = entries[n:]; len(entries) == 0 {
			body = b.word(body, 0)
		}
		at := b.object(6, 0, body)
		if previous == 0 {
			first = at
		} else {
			binary.LittleEndian.PutUint64(b.b[previous+16:], at)
		}
		previous = at
	}
	copy(b.b, "LPKSHHRH")
	flags := uint32(1<<3 | 1<<2)
	if b.Compact {
		flags |= 1 << 4
	}
	binary.LittleEndian.PutUint32(b.b[12:], flags)
	binary.LittleEndian.PutUint64(b.b[88:], 272)
	binary.LittleEndian.PutUint64(b.b[136:], b.tail)
	binary.LittleEndian.PutUint64(b.b[176:], first)
	binary.LittleEndian.PutUint64(b.b[192:], b.last)
	return append(b.b, make([]byte, 4096)...) // allocated, not used
}

// Zstd is a Pack.
func Zstd(tb testing.TB, b []byte) (byte, []byte) {
	tb.Helper()
	w, err := zstd.NewWriter(nil)
	require.NoError(tb, err)
	return 4, w.EncodeAll(b, nil)
}

// LZ4 is a Pack that writes literals, then, when the text ends in a run, one match that
// overlaps itself.
func LZ4(tb testing.TB, b []byte) (byte, []byte) {
	tb.Helper()
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(b)))
	run := len(b) - len(bytes.TrimRight(b, "x"))
	if run < 24 {
		return 2, lz4Sequence(out, b, 0)
	}
	// The last five bytes of a block are always literals.
	out = lz4Sequence(out, b[:len(b)-run+1], run-6)
	return 2, lz4Sequence(out, b[len(b)-5:], 0)
}

func lz4Sequence(out, literals []byte, match int) []byte {
	token := min(len(literals), 15) << 4
	if match > 0 {
		token |= min(match-4, 15)
	}
	out = append(out, byte(token))
	out = lz4Rest(out, len(literals))
	out = append(out, literals...)
	if match > 0 {
		out = lz4Rest(append(out, 1, 0), match-4)
	}
	return out
}

func lz4Rest(out []byte, n int) []byte {
	if n < 15 {
		return out
	}
	for n -= 15; n >= 255; n -= 255 {
		out = append(out, 255)
	}
	return append(out, byte(n))
}
