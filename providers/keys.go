package providers

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"

	"golang.org/x/crypto/ssh"
)

// A KeyPair is an ed25519 key in the forms that its users want.
type KeyPair struct {
	Signer     ssh.Signer
	Private    []byte // OpenSSH PEM, unencrypted
	Authorized []byte // one line of authorized_keys, with its newline
}

// NewKeyPair makes a fresh pair.
func NewKeyPair() (KeyPair, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return KeyPair{}, fmt.Errorf("generate key: %w", err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		return KeyPair{}, fmt.Errorf("make signer: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(key, "benchtest")
	if err != nil {
		return KeyPair{}, fmt.Errorf("encode key: %w", err)
	}
	return KeyPair{
		Signer:     signer,
		Private:    pem.EncodeToMemory(block),
		Authorized: ssh.MarshalAuthorizedKey(signer.PublicKey()),
	}, nil
}

// A KeyRing is all the keys of one clone: what the clone is told (Keys), and
// what the driver keeps to reach it.
type KeyRing struct {
	Keys        Keys
	HostKey     ssh.PublicKey // to pin
	Root, Agent KeyPair
}

// NewKeyRing makes fresh keys for one clone.
func NewKeyRing() (KeyRing, error) {
	var host, root, agent KeyPair
	for _, p := range []*KeyPair{&host, &root, &agent} {
		pair, err := NewKeyPair()
		if err != nil {
			return KeyRing{}, err
		}
		*p = pair
	}
	return KeyRing{
		Keys:    Keys{HostKey: host.Private, Root: root.Authorized, Agent: agent.Authorized},
		HostKey: host.Signer.PublicKey(),
		Root:    root,
		Agent:   agent,
	}, nil
}

// Access is how user, "root" or "agent", reaches the clone with these keys.
func (k KeyRing) Access(user string) Access {
	pair := k.Root
	if user != "root" {
		pair = k.Agent
	}
	return Access{User: user, Key: pair.Signer, HostKey: k.HostKey}
}
