//go:build !amd64

package pairsum

import "crypto/sha256"

// together says that sum is of use here.
const together = false

func sum(a, b []byte) (sumA, sumB [sha256.Size]byte) { return sha256.Sum256(a), sha256.Sum256(b) }
