//go:build linux

package main

import (
	"bytes"
	"errors"
	"os"
	"sync"

	"golang.org/x/crypto/ssh"
)

// keys are the guest's. They change when a copy becomes a machine of its own,
// and later a scenario may be about their files: what was read last stays good
// when there is nothing to read.
type keys struct {
	host, authorized string // paths

	mu     sync.Mutex
	signer ssh.Signer
	known  map[string]bool // public keys, in wire format
}

// read reads both files again.
func (k *keys) read() (ssh.Signer, map[string]bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if b, err := os.ReadFile(k.host); err == nil {
		if signer, err := ssh.ParsePrivateKey(b); err == nil {
			k.signer = signer
		}
	}
	if b, err := os.ReadFile(k.authorized); err == nil {
		if known := parseAuthorized(b); len(known) > 0 {
			k.known = known
		}
	}
	if k.signer == nil {
		return nil, nil, errors.New("the guest has no host key")
	}
	return k.signer, k.known, nil
}

func parseAuthorized(b []byte) map[string]bool {
	known := map[string]bool{}
	for line := range bytes.Lines(b) {
		// A key with options is for something that is not here.
		if key, _, options, _, err := ssh.ParseAuthorizedKey(line); err == nil && len(options) == 0 {
			known[string(key.Marshal())] = true
		}
	}
	return known
}
