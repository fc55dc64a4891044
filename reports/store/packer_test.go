package store

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestChain(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 3*maxBody) // cannot be made smaller
	_, err := rand.NewChaCha8([32]byte{}).Read(noise)
	require.NoError(t, err)
	first, second := []byte(strings.Repeat("one line like another\n", 9000)), []byte(strings.Repeat("one line like another\n", 9000)+"and one that is not")
	for _, tc := range []struct {
		name    string
		bodies  [][]byte
		dropped []int
	}{
		{"nothing", [][]byte{nil, nil}, nil},
		{"one", [][]byte{first}, nil},
		{"the last alone", [][]byte{nil, nil, first}, nil},
		{"gaps", [][]byte{nil, first, nil, second, nil}, nil},
		{"ten million of one letter", [][]byte{first, []byte(strings.Repeat("x", 10<<20)), second}, nil},
		{"too large at first", [][]byte{noise, first, second}, []int{0}},
		{"too large between", [][]byte{first, noise, second}, []int{1}},
		{"too large at last", [][]byte{first, second, noise}, []int{2}},
		{"all too large", [][]byte{noise, noise}, []int{0, 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			k := &packer{}
			for range 2 { // one packer packs many
				parts, err := k.chain(tc.bodies)
				require.NoError(t, err)
				want, size := make([][]byte, len(tc.bodies)), make([]int64, len(tc.bodies))
				copy(want, tc.bodies)
				for _, i := range tc.dropped {
					want[i] = nil
				}
				for i, b := range tc.bodies {
					size[i] = int64(len(b))
				}
				u, err := newUnpacker()
				require.NoError(t, err)
				got, err := u.chain(parts, size, newRoom)
				require.NoError(t, err)
				assert.Equal(t, want, got)
				u.close()
			}
		})
	}
}

// What repeats the checkpoint before it takes next to nothing.
func TestChainIsSmall(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 100<<10)
	_, err := rand.NewChaCha8([32]byte{}).Read(noise)
	require.NoError(t, err)
	k := &packer{}
	parts, err := k.chain([][]byte{noise, noise, noise})
	require.NoError(t, err)
	assert.Less(t, len(parts[1])+len(parts[2]), 200)
}

// A chain that lost a part is told, and not read as if it were whole.
func TestBrokenChain(t *testing.T) {
	t.Parallel()
	k := &packer{}
	bodies := [][]byte{[]byte("one and one"), []byte("one and two"), []byte("one and three")}
	parts, err := k.chain(bodies)
	require.NoError(t, err)
	u, err := newUnpacker()
	require.NoError(t, err)
	defer u.close()
	size := []int64{11, 11, 13}
	for i := range parts {
		broken := append([][]byte{}, parts...)
		broken[i] = nil
		_, err := u.chain(broken, size, newRoom)
		require.Errorf(t, err, "without part %d", i)
	}
	_, err = u.chain(parts, []int64{11, 11, 12}, newRoom)
	require.ErrorContains(t, err, "35 bytes, not 34")
}

func TestPackingKeepsTheOrder(t *testing.T) {
	t.Parallel()
	p := NewPacking()
	const n = 50
	for i := range n {
		r := Report{}
		r.Attempt.Key, r.Attempt.Iteration = "nginx/001-a", i+1
		r.Transcript = []byte(strings.Repeat("x", (n-i)*10_000)) // the first take longest
		p.Put(r)
	}
	for i := range n {
		r, err := p.Take()
		require.NoError(t, err)
		assert.Equal(t, i+1, r.Attempt.Iteration)
		assert.Len(t, r.rows[transcriptTable.name], 1)
	}
	assert.Zero(t, p.Len())
}
