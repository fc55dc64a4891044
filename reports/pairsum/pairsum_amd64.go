package pairsum

import (
	"crypto/sha256"
	"encoding/binary"
)

// together says that sum is of use here.
var together = canHash()

// canHash reports whether the processor has what blocks is made of: SHA, SSSE3.
func canHash() bool

// A state is that of SHA-256 between two blocks, in the order in which the
// processor wants it.
type state [8]uint32

// order is which word of the standard's state is where: FEBA HGDC.
var order = [8]int{5, 4, 1, 0, 7, 6, 3, 2}

// begin is the state before the first block (FIPS 180-4, 5.3.3).
func begin() (s state) {
	words := [8]uint32{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}
	for at, word := range order {
		s[at] = words[word]
	}
	return s
}

// sum is the digest that s has come to.
func (s *state) sum() (sum [sha256.Size]byte) {
	for at, word := range order {
		binary.BigEndian.PutUint32(sum[4*word:], s[at])
	}
	return sum
}

// blocks takes n blocks that begin at p into s, and as many at q into t.
//
//go:noescape
func blocks(s, t *state, p, q *byte, n int)

// pair takes the blocks of p into s, and of q, which is as long, into t.
func pair(s, t *state, p, q []byte) {
	if n := len(p) / sha256.BlockSize; n > 0 {
		blocks(s, t, &p[0], &q[0], n)
	}
}

func sum(a, b []byte) (sumA, sumB [sha256.Size]byte) {
	s, t, nobody := begin(), begin(), begin()
	both := min(len(a), len(b)) / sha256.BlockSize * sha256.BlockSize
	pair(&s, &t, a[:both], b[:both])
	// What one has more goes together with itself, which costs no more.
	pair(&s, &nobody, a[both:], a[both:])
	pair(&t, &nobody, b[both:], b[both:])
	p, q := ending(a), ending(b)
	pair(&s, &nobody, p, p)
	pair(&t, &nobody, q, q)
	return s.sum(), t.sum()
}

// ending is what follows the whole blocks of text: its rest, and its length.
func ending(text []byte) []byte {
	rest := len(text) % sha256.BlockSize
	const mark, length = 1, 8
	end := make([]byte, (rest+mark+length+sha256.BlockSize-1)/sha256.BlockSize*sha256.BlockSize)
	copy(end, text[len(text)-rest:])
	end[rest] = 0x80
	binary.BigEndian.PutUint64(end[len(end)-length:], uint64(len(text))*8)
	return end
}
