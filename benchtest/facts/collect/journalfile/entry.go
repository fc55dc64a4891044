package journalfile

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
)

// An Entry is one entry of the journal.
type Entry struct {
	// Realtime is when journald received it, in microseconds since 1970.
	Realtime uint64

	file  *File
	items []byte
	step  int
}

// Entries yields the entries from since on (microseconds since 1970), oldest
// first. An error ends them.
func (f *File) Entries(since uint64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		step := 8
		if f.compact {
			step = 4
		}
		for offset := f.first; offset != 0; {
			array, err := f.object(offset, typeEntryArray)
			if err != nil || len(array) < 24 {
				yield(Entry{}, cmp.Or(err, fmt.Errorf("%w: short entry array at %d", ErrCorrupt, offset)))
				return
			}
			for items := array[24:]; len(items) >= step; items = items[step:] {
				at := f.word(items)
				if at == 0 || at >= f.size {
					return // not written yet, or written since we opened the file
				}
				e, err := f.entry(at)
				if err == nil && e.Realtime < since {
					continue
				}
				if !yield(e, err) || err != nil {
					return
				}
			}
			next := binary.LittleEndian.Uint64(array[16:])
			if next != 0 && next <= offset {
				yield(Entry{}, fmt.Errorf("%w: entry arrays lead back to %d", ErrCorrupt, next))
				return
			}
			if next >= f.size {
				return // it was added since we opened the file
			}
			offset = next
		}
	}
}

func (f *File) entry(offset uint64) (Entry, error) {
	object, err := f.object(offset, typeEntry)
	if err != nil {
		return Entry{}, err
	}
	const itemsAt = 64
	if len(object) < itemsAt {
		return Entry{}, fmt.Errorf("%w: short entry at %d", ErrCorrupt, offset)
	}
	e := Entry{Realtime: binary.LittleEndian.Uint64(object[24:]), file: f, items: object[itemsAt:], step: 16}
	if f.compact {
		e.step = 4
	}
	return e, nil
}

// Fields yields the entry's fields as FIELD=value, in no order, cut at 64 KiB.
// The bytes belong to the file. An error ends them.
func (e Entry) Fields() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for items := e.items; len(items) >= e.step; items = items[e.step:] {
			field, err := e.file.field(e.file.word(items))
			if !yield(field, err) || err != nil {
				return
			}
		}
	}
}

func (f *File) field(offset uint64) ([]byte, error) {
	object, err := f.object(offset, typeData)
	if err != nil {
		return nil, err
	}
	payload := 64
	if f.compact {
		payload = 72
	}
	if len(object) < payload {
		return nil, fmt.Errorf("%w: short data at %d", ErrCorrupt, offset)
	}
	return f.expand(object[1], object[payload:])
}
