package store

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// window bounds the memory of a compressor. The largest checkpoint of a machine
// is some hundred kilobytes.
const window = 1 << 20

// A packer compresses what goes into one transaction. A compressor has tables
// of megabytes, so it is used for all that it can be. The zero value is ready;
// its methods are called one at a time.
type packer struct {
	plain *zstd.Encoder
	based *zstd.Encoder // against base
	base  []byte
}

// pack compresses body, against base where that is not empty.
func (k *packer) pack(body, base []byte) ([]byte, error) {
	e, err := k.encoder(base)
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return e.EncodeAll(body, nil), nil
}

func (k *packer) encoder(base []byte) (*zstd.Encoder, error) {
	options := []zstd.EOption{zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window), zstd.WithLowerEncoderMem(true)}
	var err error
	switch {
	case len(base) == 0 && k.plain == nil:
		k.plain, err = zstd.NewWriter(nil, options...)
	case len(base) > 0 && !bytes.Equal(base, k.base):
		k.base = base
		// What repeats the base is found at any level, and the tables of the
		// better ones are cleared and filled anew for every base.
		k.based, err = zstd.NewWriter(nil, append(options, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderDictRaw(1, base))...)
	}
	if len(base) == 0 {
		return k.plain, err
	}
	return k.based, err
}

// bounded is pack, and nil (SQL's NULL) for what is too large all the same.
func (k *packer) bounded(body, base []byte) ([]byte, error) {
	packed, err := k.pack(body, base)
	if err != nil || len(packed) > maxBody {
		return nil, err
	}
	return packed, nil
}

// transcript compresses a transcript that was size bytes long, of which b
// is what could be read. What is too large keeps its beginning.
func (k *packer) transcript(b []byte, size int64) ([]byte, error) {
	if size == int64(len(b)) {
		if packed, err := k.bounded(b, nil); err != nil || packed != nil {
			return packed, err
		}
	}
	const keep = maxBody / 2 // compressed it is never more than that and a bit
	head := b[:min(len(b), keep)]
	return k.pack(fmt.Appendf(slices.Clip(head), "\n[benchtest: cut, %d bytes in all]\n", size), nil)
}
