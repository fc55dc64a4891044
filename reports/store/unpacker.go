package store

import (
	"bytes"
	"fmt"
	"math"

	"github.com/klauspost/compress/zstd"
)

// An unpacker is packer's inverse. Its methods may be called concurrently.
type unpacker struct{ frames *zstd.Decoder }

func newUnpacker() (unpacker, error) {
	d, err := newDecoder()
	return unpacker{d}, err
}

func newDecoder(more ...zstd.DOption) (*zstd.Decoder, error) {
	d, err := zstd.NewReader(nil, append(more, zstd.WithDecoderMaxMemory(uint64(len(checkpoints())*maxDecoded)))...)
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	return d, nil
}

func (u unpacker) close() { u.frames.Close() }

// unpack unpacks what was packed by itself.
func (u unpacker) unpack(packed []byte) ([]byte, error) {
	body, err := u.frames.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	return body, nil
}

// chain unpacks parts that were packed together; size is how long each is
// unpacked. A nil part comes back as nil. room makes an empty slice for so many
// bytes.
func (u unpacker) chain(parts [][]byte, size []int64, room func(int) []byte) ([][]byte, error) {
	want := int64(0)
	for i, part := range parts {
		if part == nil {
			continue
		}
		if size[i] < 0 || size[i] > maxDecoded {
			return nil, fmt.Errorf("decompress: %d bytes are none that were stored", size[i])
		}
		want += size[i]
	}
	if want > math.MaxInt32 {
		return nil, fmt.Errorf("decompress: %d bytes are too many", want)
	}
	all, err := u.frames.DecodeAll(bytes.Join(parts, nil), room(int(want)))
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	if int64(len(all)) != want {
		return nil, fmt.Errorf("decompress: it has %d bytes, not %d", len(all), want)
	}
	bodies := make([][]byte, len(parts))
	for i, part := range parts {
		if part != nil {
			bodies[i], all = all[:size[i]:size[i]], all[size[i]:]
		}
	}
	return bodies, nil
}

// frameStart is how a frame begins, and no part of a chain but its first.
const frameStart = "\x28\xb5\x2f\xfd"

// based reports whether body, which rests on another, is a frame by itself, with
// the other as its dictionary. So they were until version 3 of the tables.
func based(body []byte) bool { return bytes.HasPrefix(body, []byte(frameStart)) }

// unpackBased unpacks what was compressed against base.
func unpackBased(packed, base []byte) ([]byte, error) {
	d, err := newDecoder(zstd.WithDecoderConcurrency(1), zstd.WithDecoderDictRaw(1, base))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return unpacker{d}.unpack(packed)
}
