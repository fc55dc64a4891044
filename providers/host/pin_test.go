package host

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/benchtest-dev/benchtest/providers"
)

// sshd answers handshakes with a key, as far as its callers take them.
func sshd(t *testing.T, host ssh.Signer) Entry {
	t.Helper()
	config := &ssh.ServerConfig{NoClientAuth: true}
	config.AddHostKey(host)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _, _, _ = ssh.NewServerConn(c, config)
			}()
		}
	}()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	number, err := strconv.Atoi(port)
	require.NoError(t, err)
	return Entry{Name: "web1", Address: "127.0.0.1", Port: number, User: "root"}
}

func signer(t *testing.T) ssh.Signer {
	t.Helper()
	pair, err := providers.NewKeyPair()
	require.NoError(t, err)
	return pair.Signer
}

func fingerprint(k ssh.PublicKey) string {
	if k == nil {
		return ""
	}
	return ssh.FingerprintSHA256(k)
}

// TestPin_trustFirst: a stranger is refused without the flag, believed once
// with it, and the one who was met is the only one from then on.
func TestPin_trustFirst(t *testing.T) {
	t.Parallel()
	home, key := t.TempDir(), signer(t)
	e := sshd(t, key)
	careful, err := New(providers.Options{Home: home})
	require.NoError(t, err)
	trusting, err := New(providers.Options{Home: home, TrustFirst: true})
	require.NoError(t, err)
	_, err = careful.(*Provider).pin(t.Context(), e)
	require.ErrorContains(t, err, "is not known")
	require.ErrorContains(t, err, "-benchtest.ssh-trust-first")
	met, err := trusting.(*Provider).pin(t.Context(), e)
	require.NoError(t, err)
	assert.Equal(t, fingerprint(key.PublicKey()), fingerprint(met))
	assert.FileExists(t, filepath.Join(home, "hosts", "known_hosts"))

	// From now on nobody asks it: what it says at a handshake has to be this.
	for _, p := range []providers.Provider{careful, trusting} {
		again, err := p.(*Provider).pin(t.Context(), e)
		require.NoError(t, err)
		assert.Equal(t, fingerprint(key.PublicKey()), fingerprint(again))
	}
}

func TestKeysIn(t *testing.T) {
	t.Parallel()
	one, two := signer(t).PublicKey(), signer(t).PublicKey()
	line := func(name string, k ssh.PublicKey) string { return knownhosts.Line([]string{name}, k) + "\n" }
	for _, tc := range []struct {
		name, text, address string
		want                ssh.PublicKey
		err                 string
	}{
		{"by name", line("web1", one), "web1:22", one, ""},
		{"by name and port", line("[web1]:2222", one), "web1:2222", one, ""},
		{"another port", line("web1", one), "web1:2222", nil, ""},
		{"hashed", line(knownhosts.HashHostname("web1"), one), "web1:22", one, ""},
		{"a pattern", line("*.example.com", one), "web1.example.com:22", one, ""},
		{"somebody else's", line("web2", two), "web1:22", nil, ""},
		{"revoked", "@revoked " + line("*", one) + line("web1", one), "web1:22", nil, ""},
		{"nobody's", "", "web1:22", nil, ""},
		{"no file of that kind", "web1 ssh-ed25519\n", "web1:22", nil, "known:1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "known")
			require.NoError(t, os.WriteFile(file, []byte(tc.text), 0o600))
			keys, err := keysIn(file, tc.address)
			if tc.err != "" {
				require.ErrorContains(t, err, tc.err)
				return
			}
			require.NoError(t, err)
			if tc.want == nil {
				assert.Empty(t, keys)
				return
			}
			require.Len(t, keys, 1)
			assert.Equal(t, fingerprint(tc.want), fingerprint(keys[0]))
		})
	}
}

// FuzzKeysIn: a known_hosts file is keys or an error.
func FuzzKeysIn(f *testing.F) {
	f.Add([]byte("web1 " + hostKey + "\n"))
	f.Add([]byte("@cert-authority *.example.com " + hostKey + "\n@revoked * " + hostKey + "\n"))
	f.Add([]byte("|1|c29tZXNhbHQ=|c29tZWhhc2g= " + hostKey + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := filepath.Join(t.TempDir(), "known")
		require.NoError(t, os.WriteFile(file, data, 0o600))
		keys, err := keysIn(file, "web1:22")
		if err != nil {
			require.Empty(t, keys)
		}
		for _, k := range keys {
			require.NotNil(t, k)
		}
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pair, err := providers.NewKeyPair()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "k"), pair.Private, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "text"), []byte("text"), 0o600))
	for _, tc := range []struct{ name, text, want string }{
		{"whole", "hosts:\n  - {host_name: web1, key: k}\n", ""},
		{"no key file", "hosts:\n  - {host_name: web1, key: nowhere}\n", "host web1: read key: open"},
		{"no key in it", "hosts:\n  - {host_name: web1, key: text}\n", "host web1: read key"},
		{"no known_hosts", "hosts:\n  - {host_name: web1, key: k, known_hosts: nowhere}\n", "read known hosts for web1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(dir, tc.name+".yaml")
			require.NoError(t, os.WriteFile(file, []byte(tc.text), 0o600))
			p, err := New(providers.Options{Home: dir, Inventory: file})
			require.NoError(t, err)
			err = p.Check(t.Context())
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.want)
		})
	}
	p, err := New(providers.Options{Home: dir})
	require.NoError(t, err)
	require.ErrorContains(t, p.Check(t.Context()), "no inventory: name the file of your hosts with -benchtest.inventory=FILE")
	_, err = New(providers.Options{Home: "relative"})
	require.Error(t, err)
}
