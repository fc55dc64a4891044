package host

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// keyTypes are the host keys that we pin, the best first.
var keyTypes = []string{ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoRSA}

// maxKnownHosts bounds a known_hosts file, in bytes.
const maxKnownHosts = 8 << 20

// hostPort is how to dial the host.
func (e Entry) hostPort() string { return net.JoinHostPort(e.Address, strconv.Itoa(e.Port)) }

// pin is the host's key: the inventory's word, else that of a known_hosts
// file, else what was seen at the first meeting. A key that nobody knows is an
// error, unless the user trusts first meetings: then it is asked for, and
// recorded before it is used.
func (p *Provider) pin(ctx context.Context, e Entry) (ssh.PublicKey, error) {
	known, err := p.knownKeys(e)
	if err != nil || known != nil {
		return known, err
	}
	if !p.o.TrustFirst {
		return nil, fmt.Errorf("the SSH host key of %s (%s) is not known: compare what ssh-keyscan -p %d %s says with the host's own files and write it as host_key into the inventory or into a known_hosts file, or believe the first meeting with -benchtest.ssh-trust-first",
			e.Name, e.hostPort(), e.Port, e.Address)
	}
	unlock, err := p.lockTrust(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if known, err := p.knownKeys(e); err != nil || known != nil {
		return known, err // another process met it first
	}
	key, err := meet(ctx, e)
	if err != nil {
		return nil, fmt.Errorf("ask %s (%s) for its host key: %w", e.Name, e.hostPort(), err)
	}
	line := knownhosts.Line([]string{knownhosts.Normalize(e.hostPort())}, key) + "\n"
	return key, appendSynced(p.trusted(), line)
}

// trusted is where first meetings are recorded.
func (p *Provider) trusted() string { return filepath.Join(p.dir(), "known_hosts") }

// knownKeys is the host's best key that somebody vouched for; nil: nobody did.
func (p *Provider) knownKeys(e Entry) (ssh.PublicKey, error) {
	keys := e.HostKeys
	var files []string
	switch {
	case len(keys) > 0:
	case e.KnownHosts != "":
		files = []string{e.KnownHosts}
	default:
		if home, err := os.UserHomeDir(); err == nil {
			files = append(files, existing(filepath.Join(home, ".ssh", "known_hosts"))...)
		}
		files = append(files, existing(p.trusted())...)
	}
	for _, f := range files {
		found, err := keysIn(f, e.hostPort())
		if err != nil {
			return nil, fmt.Errorf("read known hosts for %s: %w", e.Name, err)
		}
		keys = append(keys, found...)
	}
	for _, t := range keyTypes {
		if i := slices.IndexFunc(keys, func(k ssh.PublicKey) bool { return k.Type() == t }); i >= 0 {
			return keys[i], nil
		}
	}
	if len(keys) > 0 {
		return nil, fmt.Errorf("host keys of %s are of no kind that is read: want one of %v", e.Name, keyTypes)
	}
	return nil, nil
}

func existing(path string) []string {
	if _, err := os.Stat(path); err != nil {
		return nil
	}
	return []string{path}
}

// keysIn finds the keys of a host in a known_hosts file, hashed names and
// revoked keys included.
func keysIn(path, hostPort string) ([]ssh.PublicKey, error) {
	if _, err := readBounded(path, maxKnownHosts); err != nil {
		return nil, err
	}
	check, err := knownhosts.New(path)
	if err != nil {
		return nil, err
	}
	// No host has this key, so the file is asked what it wants instead.
	none, err := ssh.NewPublicKey(ed25519.PublicKey(bytes.Repeat([]byte{1}, ed25519.PublicKeySize)))
	if err != nil {
		return nil, err
	}
	anywhere := &net.TCPAddr{IP: net.IPv4zero}
	refusal, ok := errors.AsType[*knownhosts.KeyError](check(hostPort, anywhere, none))
	if !ok {
		return nil, nil
	}
	var keys []ssh.PublicKey
	for _, want := range refusal.Want {
		if check(hostPort, anywhere, want.Key) == nil { // not revoked
			keys = append(keys, want.Key)
		}
	}
	return keys, nil
}

// meetLimit bounds a first meeting.
const meetLimit = 20 * time.Second

// errMet ends a first meeting: what we came for is there.
var errMet = errors.New("met")

// meet asks the host for its key. Nobody vouches for it.
func meet(ctx context.Context, e Entry) (ssh.PublicKey, error) {
	ctx, cancel := context.WithTimeout(ctx, meetLimit)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", e.hostPort())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	var seen ssh.PublicKey
	_, _, _, err = ssh.NewClientConn(conn, e.hostPort(), &ssh.ClientConfig{
		User: e.User, HostKeyAlgorithms: []string{ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256},
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			seen = key
			return errMet
		},
	})
	if seen == nil {
		return nil, err
	}
	return seen, nil
}

// readKey reads a private key.
func readKey(path string) (ssh.Signer, error) {
	data, err := readBounded(path, 1<<20)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	signer, err := ssh.ParsePrivateKey(data)
	if _, locked := errors.AsType[*ssh.PassphraseMissingError](err); locked {
		return nil, fmt.Errorf("read key %s: it has a passphrase: make one without (ssh-keygen -t ed25519 -N '' -f FILE) and authorize it", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read key %s: %w", path, err)
	}
	return signer, nil
}
