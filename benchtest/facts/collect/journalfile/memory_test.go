package journalfile

import (
	"encoding/binary"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A sparse file is a gigabyte that takes no room on the disk: each 64 KiB
// begin with the head of an object that reaches to the end.
type sparse struct{ kind byte }

func (s sparse) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > MaxSize {
		return 0, io.ErrUnexpectedEOF
	}
	clear(p)
	if at%chunkSize == 0 && len(p) >= objectHeader {
		p[0] = s.kind
		binary.LittleEndian.PutUint64(p[8:], uint64(MaxSize-at))
	}
	return len(p), nil
}

// TestSparseFileCostsNoMemory: neither one object as large as the file nor
// small ones all over it are kept.
func TestSparseFileCostsNoMemory(t *testing.T) {
	t.Parallel()
	lists := &File{r: sparse{typeEntryArray}, size: MaxSize, chunks: map[uint64][]byte{}}
	_, err := lists.object(chunkSize, typeEntryArray)
	require.ErrorIs(t, err, ErrCorrupt)

	data := &File{r: sparse{typeData}, size: MaxSize, chunks: map[uint64][]byte{}}
	for at := uint64(chunkSize); at < 1000*chunkSize; at += chunkSize {
		b, err := data.object(at, typeData)
		require.NoError(t, err)
		require.LessOrEqual(t, len(b), maxData)
		require.LessOrEqual(t, len(data.chunks), maxChunks)
	}
	field, err := data.field(chunkSize)
	require.NoError(t, err)
	assert.Len(t, field, maxField)
}
