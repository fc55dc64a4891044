package pairsum

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// same holds Sum256 against crypto/sha256.
func same(t require.TestingT, a, b []byte) {
	gotA, gotB := Sum256(a, b)
	require.Equal(t, sha256.Sum256(a), gotA, "%d bytes beside %d", len(a), len(b))
	require.Equal(t, sha256.Sum256(b), gotB, "%d bytes beside %d", len(b), len(a))
}

// All lengths around the borders of blocks, at addresses of any kind, beside
// shorter and longer ones.
func TestSum256(t *testing.T) {
	t.Parallel()
	random := rand.NewChaCha8([32]byte{1})
	texts := make([]byte, 2000)
	_, _ = random.Read(texts)
	for a := range 4*sha256.BlockSize + 2 {
		for _, b := range []int{0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000, a, a + 1} {
			same(t, texts[a%16:a%16+a], texts[b%7+3:b%7+3+b])
		}
	}
	large := bytes.Repeat(texts, 500)
	same(t, large, large[:len(large)-999])
	same(t, large, nil)
	same(t, large[1:], large)
}

// FuzzSum256: whatever the texts are.
func FuzzSum256(f *testing.F) {
	f.Add([]byte("abc"), []byte{})
	f.Add(bytes.Repeat([]byte{0xff}, 200), []byte("abc"))
	f.Fuzz(func(t *testing.T, a, b []byte) { same(t, a, b) })
}

func BenchmarkSum256(b *testing.B) {
	for _, size := range []int{1000, 100_000} {
		x, y := make([]byte, size), make([]byte, size)
		b.Run(fmt.Sprintf("%d at once", size), func(b *testing.B) {
			b.SetBytes(int64(2 * size))
			for b.Loop() {
				Sum256(x, y)
			}
		})
		b.Run(fmt.Sprintf("%d one after the other", size), func(b *testing.B) {
			b.SetBytes(int64(2 * size))
			for b.Loop() {
				sha256.Sum256(x)
				sha256.Sum256(y)
			}
		})
	}
}
