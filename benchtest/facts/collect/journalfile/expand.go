package journalfile

import (
	"encoding/binary"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// How a data object is compressed.
const (
	compressedXZ   = 1 << 0
	compressedLZ4  = 1 << 1
	compressedZstd = 1 << 2
)

// maxField bounds an expanded field; journald's own bound is 768 MiB, for core
// dumps, which nobody looks for a pattern in.
const maxField = 16 << 20

// expand undoes the compression of a field.
func expand(flags byte, payload []byte) ([]byte, error) {
	switch flags & (compressedXZ | compressedLZ4 | compressedZstd) {
	case 0:
		return payload, nil
	case compressedZstd:
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxField))
		if err != nil {
			return nil, fmt.Errorf("expand journal field: %w", err)
		}
		defer d.Close()
		b, err := d.DecodeAll(payload, nil)
		if err != nil {
			return nil, fmt.Errorf("expand journal field: %w", err)
		}
		return b, nil
	case compressedLZ4:
		if len(payload) < 8 {
			return nil, fmt.Errorf("%w: short compressed field", ErrCorrupt)
		}
		size := binary.LittleEndian.Uint64(payload)
		if size > maxField {
			return nil, fmt.Errorf("expand journal field: %d bytes are too many", size)
		}
		return expandLZ4(make([]byte, 0, size), payload[8:])
	}
	return nil, fmt.Errorf("expand journal field: compression %#x (xz) is not supported by this version", flags)
}

// expandLZ4 expands one LZ4 block into dst, whose capacity is the size that
// the block must have.
func expandLZ4(dst, src []byte) ([]byte, error) {
	short := fmt.Errorf("%w: bad lz4 block", ErrCorrupt)
	for len(src) > 0 {
		token := src[0]
		src = src[1:]
		literals, rest, ok := lz4Length(int(token>>4), src)
		if !ok || literals > len(rest) || literals > cap(dst)-len(dst) {
			return nil, short
		}
		dst = append(dst, rest[:literals]...)
		src = rest[literals:]
		if len(src) == 0 {
			break // the last sequence has literals only
		}
		if len(src) < 2 {
			return nil, short
		}
		back := int(binary.LittleEndian.Uint16(src))
		match, rest, ok := lz4Length(int(token&15), src[2:])
		match += 4
		if !ok || back == 0 || back > len(dst) || match > cap(dst)-len(dst) {
			return nil, short
		}
		// The match may overlap what it writes, so it goes byte by byte.
		for from := len(dst) - back; match > 0; match-- {
			dst = append(dst, dst[from])
			from++
		}
		src = rest
	}
	if len(dst) != cap(dst) {
		return nil, short
	}
	return dst, nil
}

// lz4Length reads the bytes that continue a length of 15.
func lz4Length(n int, src []byte) (int, []byte, bool) {
	if n < 15 {
		return n, src, true
	}
	for i, b := range src {
		n += int(b)
		if b != 255 {
			return n, src[i+1:], n <= maxField
		}
	}
	return 0, nil, false
}
