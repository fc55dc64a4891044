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

// A File is one journal file. It may be read concurrently.
type File struct {
	data    []byte
	compact bool
	first   uint64 // the first entry array
	last    uint64 // realtime of the newest entry, in microseconds
}

// Open reads the part of the file that is in use into memory. A file whose
// newest entry is older than since (microseconds since 1970) comes back empty
// at no cost.
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
	f := &File{
		compact: flags&flagCompact != 0,
		first:   binary.LittleEndian.Uint64(head[176:]),
		last:    binary.LittleEndian.Uint64(head[192:]),
	}
	if f.last < since {
		f.first = 0
		return f, nil
	}
	end, err := usedSize(r, binary.LittleEndian.Uint64(head[136:]))
	if err != nil {
		return nil, err
	}
	f.data = make([]byte, end)
	n, err := r.ReadAt(f.data, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	f.data = f.data[:n]
	return f, nil
}

// usedSize is where the last object ends; what follows was only allocated.
func usedSize(r io.ReaderAt, tail uint64) (uint64, error) {
	if tail == 0 || tail > MaxSize {
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
	size := uint64(len(f.data))
	if offset%8 != 0 || offset < minHeaderSize || offset > size || size-offset < objectHeader {
		return nil, fmt.Errorf("%w: no object at %d", ErrCorrupt, offset)
	}
	head := f.data[offset:]
	length := binary.LittleEndian.Uint64(head[8:])
	if head[0] != kind || length < objectHeader || length > uint64(len(head)) {
		return nil, fmt.Errorf("%w: object at %d has type %d and size %d", ErrCorrupt, offset, head[0], length)
	}
	return head[:length], nil
}

// word reads one offset of a list: 4 bytes in compact files, else 8.
func (f *File) word(b []byte) uint64 {
	if f.compact {
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return binary.LittleEndian.Uint64(b)
}
