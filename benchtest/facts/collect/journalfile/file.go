// Package journalfile reads the files of systemd's journal. It follows
// systemd's "Journal File Format": entries list data objects, each of which is
// one FIELD=value.
//
// A file may be written to while it is read, and it may be made to deceive:
// every offset is checked, and a chain may only lead forward.
package journalfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// ErrCorrupt is wrapped by every error about a file that contradicts itself.
var ErrCorrupt = errors.New("corrupt journal file")

// MaxSize bounds the part of a file that is in use; journald itself ends a
// file long before.
const MaxSize = 1 << 30

const (
	signature     = "LPKSHHRH"
	minHeaderSize = 208 // up to tail_entry_monotonic
	objectHeader  = 16
)

// Incompatible features, which a reader must know. Compression is marked on
// each object as well, and the keyed hash is of no use to a reader.
const (
	flagXZ      = 1 << 0
	flagLZ4     = 1 << 1
	flagKeyed   = 1 << 2
	flagZstd    = 1 << 3
	flagCompact = 1 << 4
	knownFlags  = flagXZ | flagLZ4 | flagKeyed | flagZstd | flagCompact
)

// Object types.
const (
	typeData       = 1
	typeEntry      = 3
	typeEntryArray = 6
)

// A File is one journal file. It is not for concurrent use.
type File struct {
	r       io.ReaderAt
	size    uint64 // where the last object ended when the file was opened
	compact bool
	first   uint64 // the first entry array
	chunks  map[uint64][]byte
	zstd    *zstd.Decoder // made for the first field that needs it
}

// chunkSize is how much is read at once. Files begin with megabytes of hash
// tables, and most of a file may be older than what is looked for. Of all that
// was read maxChunks are kept, since a file may be large and sparse.
const (
	chunkSize = 64 << 10
	maxChunks = 256
)

// What one object may take of our memory, in bytes. The entries of a full file
// make shorter lists than maxList; of data what is beyond maxData would be cut
// anyway.
const (
	maxList = 64 << 20
	maxData = 1 << 20
)

// Open reads the file's header. A file whose newest entry is older than since
// (microseconds since 1970) has no entries then.
func Open(r io.ReaderAt, since uint64) (*File, error) {
	head := make([]byte, minHeaderSize)
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("read journal header: %w", err)
	}
	if string(head[:8]) != signature {
		return nil, fmt.Errorf("%w: no journal signature", ErrCorrupt)
	}
	flags := binary.LittleEndian.Uint32(head[12:])
	if unknown := flags &^ knownFlags; unknown != 0 {
		return nil, fmt.Errorf("read journal header: unknown features %#x", unknown)
	}
	f := &File{r: r, compact: flags&flagCompact != 0, chunks: map[uint64][]byte{}}
	if newest := binary.LittleEndian.Uint64(head[192:]); newest < since {
		return f, nil
	}
	f.first = binary.LittleEndian.Uint64(head[176:])
	var err error
	f.size, err = usedSize(r, binary.LittleEndian.Uint64(head[136:]))
	return f, err
}

// usedSize is where the last object ends; what follows was only allocated.
func usedSize(r io.ReaderAt, tail uint64) (uint64, error) {
	if tail == 0 {
		return minHeaderSize, nil // nothing was ever written
	}
	if tail > MaxSize {
		return 0, fmt.Errorf("%w: last object at %d", ErrCorrupt, tail)
	}
	var head [objectHeader]byte
	if _, err := r.ReadAt(head[:], int64(tail)); err != nil {
		return 0, fmt.Errorf("read last journal object: %w", err)
	}
	end := tail + binary.LittleEndian.Uint64(head[8:])
	if end < tail || end > MaxSize {
		return 0, fmt.Errorf("%w: last object ends at %d", ErrCorrupt, end)
	}
	return end, nil
}

// object returns the object at offset, header included.
func (f *File) object(offset uint64, kind byte) ([]byte, error) {
	if offset%8 != 0 || offset < minHeaderSize || offset >= f.size || f.size-offset < objectHeader {
		return nil, fmt.Errorf("%w: no object at %d", ErrCorrupt, offset)
	}
	head, err := f.read(offset, objectHeader)
	if err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint64(head[8:])
	if head[0] != kind || length < objectHeader || length > f.size-offset {
		return nil, fmt.Errorf("%w: object at %d has type %d and size %d", ErrCorrupt, offset, head[0], length)
	}
	switch {
	case kind == typeData:
		length = min(length, maxData)
	case length > maxList:
		return nil, fmt.Errorf("%w: object at %d has size %d", ErrCorrupt, offset, length)
	}
	return f.read(offset, length)
}

// read returns the n bytes at offset, which must be in the file.
func (f *File) read(offset, n uint64) ([]byte, error) {
	at := offset / chunkSize * chunkSize
	if offset+n > at+chunkSize {
		b := make([]byte, n)
		if _, err := f.r.ReadAt(b, int64(offset)); err != nil {
			return nil, fmt.Errorf("read journal: %w", err)
		}
		return b, nil
	}
	chunk, ok := f.chunks[at]
	if !ok {
		if len(f.chunks) == maxChunks {
			clear(f.chunks)
		}
		chunk = make([]byte, min(chunkSize, f.size-at))
		if _, err := f.r.ReadAt(chunk, int64(at)); err != nil {
			return nil, fmt.Errorf("read journal: %w", err)
		}
		f.chunks[at] = chunk
	}
	return chunk[offset-at : offset-at+n], nil
}

// word reads one offset of a list: 4 bytes in compact files, else 8.
func (f *File) word(b []byte) uint64 {
	if f.compact {
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return binary.LittleEndian.Uint64(b)
}
