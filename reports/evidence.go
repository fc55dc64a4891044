package reports

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

// A Link is one line of evidence.jsonl: a stretch of an evidence file, pinned
// by its digest and tied to the line before it. Changing, reordering or
// dropping a line, or a byte that it covers, breaks the chain; the digest of
// the last line, which the attempt's record holds, also ends it.
type Link struct {
	File   string    `json:"file"`   // below the attempt's directory
	Offset int64     `json:"offset"` // bytes
	Bytes  int64     `json:"bytes"`
	SHA256 string    `json:"sha256"` // of the stretch, hex
	Prev   string    `json:"prev"`   // SHA-256 of the line before, hex; empty in the first
	At     time.Time `json:"at"`
}

const chainName = "evidence.jsonl"

// chain appends to evidence.jsonl through a file opened before the engine
// started, so that nobody can put another one in its place.
type chain struct {
	mu   sync.Mutex
	file *os.File
	head string
}

func (c *chain) add(l Link) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	l.Prev, l.At = c.head, time.Now().UTC()
	line, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("encode evidence link: %w", err)
	}
	if _, err := c.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("append evidence link: %w", err)
	}
	c.head = digest(line)
	return nil
}

func (c *chain) digest() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.head
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
