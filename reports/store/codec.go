package store

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Bounds of what one attempt may put into the database. What goes beyond them
// stays in the run's directory alone.
const (
	maxText       = 64 << 10 // bytes of one text column
	maxBody       = 1 << 20  // bytes of one compressed column
	maxTranscript = 16 << 20 // bytes of a transcript that are tried
	maxDecoded    = 64 << 20 // bytes that one body may unpack to
)

// window bounds the memory of a compressor. The largest checkpoint of a machine
// is some hundred kilobytes.
const window = 1 << 20

// pack compresses body, against base where that is not empty.
func pack(body, base []byte) ([]byte, error) {
	options := []zstd.EOption{zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window), zstd.WithLowerEncoderMem(true)}
	if len(base) > 0 {
		options = append(options, zstd.WithEncoderDictRaw(1, base))
	}
	e, err := zstd.NewWriter(nil, options...)
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return e.EncodeAll(body, nil), nil
}

// unpack is pack's inverse.
func unpack(packed, base []byte) ([]byte, error) {
	options := []zstd.DOption{zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxDecoded)}
	if len(base) > 0 {
		options = append(options, zstd.WithDecoderDictRaw(1, base))
	}
	d, err := zstd.NewReader(nil, options...)
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	defer d.Close()
	body, err := d.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	return body, nil
}

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

// packBounded is pack, and nil (SQL's NULL) for what is too large all the same.
func packBounded(body, base []byte) ([]byte, error) {
	packed, err := pack(body, base)
	if err != nil || len(packed) > maxBody {
		return nil, err
	}
	return packed, nil
}

// packTranscript compresses a transcript that was size bytes long, of which b
// is what could be read. What is too large keeps its beginning.
func packTranscript(b []byte, size int64) ([]byte, error) {
	if size == int64(len(b)) {
		if packed, err := packBounded(b, nil); err != nil || packed != nil {
			return packed, err
		}
	}
	const keep = maxBody / 2 // compressed it is never more than that and a bit
	head := b[:min(len(b), keep)]
	return pack(fmt.Appendf(slices.Clip(head), "\n[benchtest: cut, %d bytes in all]\n", size), nil)
}
