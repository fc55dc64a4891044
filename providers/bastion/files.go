package bastion

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
)

// maxSocketPath is what fits into a sockaddr_un on every system we run on.
const maxSocketPath = 100

// identity is one attempt's keys: the engine's, and the bastion's own.
type identity struct {
	client  ssh.Signer
	private []byte // the engine's, as OpenSSH reads it
	host    ssh.Signer
}

func newIdentity() (identity, error) {
	client, key, err := newKey()
	if err != nil {
		return identity{}, err
	}
	block, err := ssh.MarshalPrivateKey(key, "benchtest engine")
	if err != nil {
		return identity{}, err
	}
	host, _, err := newKey()
	return identity{client: client, private: pem.EncodeToMemory(block), host: host}, err
}

func newKey() (ssh.Signer, ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	signer, err := ssh.NewSignerFromSigner(key)
	return signer, key, err
}

// serverConfig lets in the engine's key as user, and nothing else. acted is
// called for each client that is let in, before the client knows.
func (id identity) serverConfig(user string, acted func()) *ssh.ServerConfig {
	want := id.client.PublicKey().Marshal()
	c := &ssh.ServerConfig{
		ServerVersion: "SSH-2.0-benchtest",
		PublicKeyCallback: func(m ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if m.User() != user || !bytes.Equal(key.Marshal(), want) {
				return nil, errors.New("not the key of this attempt")
			}
			return &ssh.Permissions{}, nil
		},
		AuthLogCallback: func(_ ssh.ConnMetadata, _ string, err error) {
			if err == nil {
				acted()
			}
		},
	}
	c.AddHostKey(id.host)
	return c
}

// prepare makes the directory, the socket and the files of a bastion.
func (b *Bastion) prepare(c Config) (err error) {
	if b.identity, err = newIdentity(); err != nil {
		return fmt.Errorf("make keys: %w", err)
	}
	b.server = b.identity.serverConfig(b.user, func() { b.first.CompareAndSwap(nil, new(time.Now())) })
	mode := os.FileMode(0o700)
	if c.Owner != nil {
		mode = 0o711 // its user reaches what is inside by name, and changes none of it
	}
	if err := os.MkdirAll(b.dir, mode); err != nil {
		return err
	}
	if err := os.Chmod(b.dir, mode); err != nil {
		return err
	}
	if b.terminals, err = os.OpenRoot(b.dir); err != nil {
		return err
	}
	if err := b.listen(c.Owner, mode); err != nil {
		return err
	}
	return b.writeFiles(c)
}

// listen makes the socket in the bastion's directory, or in a short one of its
// own where that path is too long for a socket.
func (b *Bastion) listen(owner *Owner, mode os.FileMode) (err error) {
	path := filepath.Join(b.dir, "socket")
	if len(path) > maxSocketPath {
		short, err := os.MkdirTemp("", "benchtest-bastion-")
		if err != nil {
			return err
		}
		b.files = append(b.files, short)
		if err := os.Chmod(short, mode); err != nil {
			return err
		}
		path = filepath.Join(short, "socket")
	}
	b.files = append(b.files, path)
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	if b.listener, err = net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"}); err != nil {
		return err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	return give(owner, path)
}

func (b *Bastion) writeFiles(c Config) error {
	key := filepath.Join(b.dir, "id_ed25519")
	files := []struct {
		path string
		data []byte
		mode os.FileMode
	}{
		{key, b.identity.private, 0o600},
		{filepath.Join(b.dir, "known_hosts"), b.knownHosts(), 0o644},
		{b.SSHConfigPath(), b.sshConfig(c.Binary, key, b.Socket()), 0o644},
	}
	for _, f := range files {
		b.files = append(b.files, f.path)
		if err := os.RemoveAll(f.path); err != nil {
			return err
		}
		if err := os.WriteFile(f.path, f.data, f.mode); err != nil {
			return err
		}
	}
	return give(c.Owner, key)
}

func give(owner *Owner, path string) error {
	if owner == nil {
		return nil
	}
	return os.Lchown(path, owner.UID, owner.GID)
}

// names is the host names, sorted.
func (b *Bastion) names() []string { return slices.Sorted(maps.Keys(b.guests)) }

func (b *Bastion) knownHosts() []byte {
	var out bytes.Buffer
	for _, name := range b.names() {
		fmt.Fprintf(&out, "%s %s", name, ssh.MarshalAuthorizedKey(b.identity.host.PublicKey()))
	}
	return out.Bytes()
}

// sshConfig repeats every setting for every host: a reader finds all that holds
// for one in its own block.
func (b *Bastion) sshConfig(binary, key, socket string) []byte {
	var out bytes.Buffer
	for _, name := range b.names() {
		// OpenSSH hands it to a shell.
		proxy := providers.ShellWord(binary) + " " + providers.ShellWord("-benchtest.dial="+socket+"/"+name)
		fmt.Fprintf(&out, "Host %s\n", name)
		for _, line := range []string{
			"HostName " + name,
			"HostKeyAlias " + name,
			"User " + b.user,
			"IdentityFile " + configPath(key),
			"IdentitiesOnly yes",
			"IdentityAgent none",
			"PreferredAuthentications publickey",
			"UserKnownHostsFile " + configPath(filepath.Join(b.dir, "known_hosts")),
			"GlobalKnownHostsFile none",
			"StrictHostKeyChecking yes",
			"UpdateHostKeys no",
			"BatchMode yes",
			"ControlMaster no",
			"ControlPath none",
			"ForwardAgent no",
			"ForwardX11 no",
			"LogLevel ERROR",
			"ProxyCommand " + strings.ReplaceAll(proxy, "%", "%%"),
		} {
			fmt.Fprintf(&out, "  %s\n", line)
		}
	}
	return out.Bytes()
}

// configPath writes a path as an ssh_config wants it: quoted, since it may hold
// spaces, and with its percent signs doubled.
func configPath(path string) string {
	return `"` + strings.ReplaceAll(path, "%", "%%") + `"`
}
