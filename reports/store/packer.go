package store

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// window bounds the memory of a compressor, and how far back it sees: over some
// checkpoints of a large machine.
const window = 1 << 20

// A packer compresses. A compressor has tables of megabytes, so it is used for
// all that it can be. The zero value is ready; its methods are called one at a
// time.
type packer struct {
	text *zstd.Encoder
	// facts is at the fastest level: what repeats the checkpoint before is found
	// at any.
	facts *zstd.Encoder
}

func encoder(level zstd.EncoderLevel) (*zstd.Encoder, error) {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return e, nil
}

// pack compresses body by itself.
func (k *packer) pack(body []byte) (packed []byte, err error) {
	if k.text == nil {
		if k.text, err = encoder(zstd.SpeedDefault); err != nil {
			return nil, err
		}
	}
	return k.text.EncodeAll(body, nil), nil
}

// bounded is pack, and nil (SQL's NULL) for what is too large all the same.
func (k *packer) bounded(body []byte) ([]byte, error) {
	packed, err := k.pack(body)
	if err != nil || len(packed) > maxBody {
		return nil, err
	}
	return packed, nil
}

// chain compresses bodies that are much alike into one frame, cut where each
// ends: what stands together unpacks, and what is like the body before takes
// next to nothing. What is too large all the same is nil, and not in the frame.
func (k *packer) chain(bodies [][]byte) (parts [][]byte, err error) {
	bodies = slices.Clone(bodies)
	for {
		if parts, err = k.frame(bodies); err != nil {
			return nil, err
		}
		large := slices.IndexFunc(parts, func(part []byte) bool { return len(part) > maxBody })
		if large < 0 {
			return parts, nil
		}
		bodies[large] = nil
	}
}

// frame compresses the bodies that are not nil.
func (k *packer) frame(bodies [][]byte) (parts [][]byte, err error) {
	if k.facts == nil {
		if k.facts, err = encoder(zstd.SpeedFastest); err != nil {
			return nil, err
		}
	}
	var frame bytes.Buffer
	k.facts.Reset(&frame)
	ends, last := make([]int, len(bodies)), -1
	for i, body := range bodies {
		if body != nil {
			if _, err = k.facts.Write(body); err == nil {
				err = k.facts.Flush()
			}
			if err != nil {
				return nil, fmt.Errorf("compress: %w", err)
			}
			last = i
		}
		ends[i] = frame.Len()
	}
	parts = make([][]byte, len(bodies))
	if last < 0 {
		return parts, nil
	}
	if err := k.facts.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	ends[last] = frame.Len() // the end of the frame, and its checksum
	from := 0
	for i, body := range bodies {
		if body != nil {
			parts[i] = slices.Clone(frame.Bytes()[from:ends[i]])
			from = ends[i]
		}
	}
	return parts, nil
}

// transcript compresses a transcript that was size bytes long, of which b
// is what could be read. What is too large keeps its beginning.
func (k *packer) transcript(b []byte, size int64) ([]byte, error) {
	if size == int64(len(b)) {
		if packed, err := k.bounded(b); err != nil || packed != nil {
			return packed, err
		}
	}
	const keep = maxBody / 2 // compressed it is never more than that and a bit
	head := b[:min(len(b), keep)]
	return k.pack(fmt.Appendf(slices.Clip(head), "\n[benchtest: cut, %d bytes in all]\n", size))
}
