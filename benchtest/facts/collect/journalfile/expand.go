package journalfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// How a data object is compressed.
const (
	compressedXZ   = 1 << 0
	compressedLZ4  = 1 << 1
	compressedZstd = 1 << 2
)

// maxField is how much there is of a field. Longer ones are cut: they are core
// dumps, or were made to keep us busy.
const maxField = 64 << 10

// expand undoes the compression of a field.
func (f *File) expand(flags byte, payload []byte) ([]byte, error) {
	switch flags & (compressedXZ | compressedLZ4 | compressedZstd) {
	case 0:
		return payload[:min(len(payload), maxField)], nil
	case compressedZstd:
		return f.expandZstd(payload)
	case compressedLZ4:
		if len(payload) < 8 {
			return nil, fmt.Errorf("%w: short compressed field", ErrCorrupt)
		}
		size := binary.LittleEndian.Uint64(payload)
		return expandLZ4(make([]byte, 0, min(size, maxField)), payload[8:])
	}
	return nil, fmt.Errorf("expand journal field: compression %#x (xz) is not supported by this version", flags)
}

func (f *File) expandZstd(payload []byte) ([]byte, error) {
	if f.zstd == nil {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, fmt.Errorf("expand journal field: %w", err)
		}
		f.zstd = d
	}
	if err := f.zstd.Reset(bytes.NewReader(payload)); err != nil {
		return nil, fmt.Errorf("expand journal field: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(f.zstd, maxField))
	if err != nil {
		return nil, fmt.Errorf("expand journal field: %w", err)
	}
	return b, nil
}

// maxWindow is how far back a zstd stream may refer.
const maxWindow = 8 << 20

// expandLZ4 expands one LZ4 block into dst until its capacity is used up.
func expandLZ4(dst, src []byte) ([]byte, error) {
	short := fmt.Errorf("%w: bad lz4 block", ErrCorrupt)
	for len(src) > 0 {
		token := src[0]
		src = src[1:]
		literals, rest, ok := lz4Length(int(token>>4), src)
		if !ok || literals > len(rest) {
			return nil, short
		}
		if room := cap(dst) - len(dst); literals >= room {
			return append(dst, rest[:room]...), nil
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
		if !ok || back == 0 || back > len(dst) {
			return nil, short
		}
		// The match may overlap what it writes, so it goes byte by byte.
		for range min(match+4, cap(dst)-len(dst)) {
			dst = append(dst, dst[len(dst)-back])
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
			return n, src[i+1:], true
		}
	}
	return 0, nil, false
}
