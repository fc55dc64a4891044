package lima

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
)

// guestUser is limactl's account in every guest: it may become root without a
// password, and its key is in LIMA_HOME.
const guestUser = "lima"

// A Provider makes machines with limactl. Its methods may be called
// concurrently, and by several processes with one BENCHTEST_HOME.
type Provider struct {
	home  string // BENCHTEST_HOME
	state string // where our own records are
	run   string
	tool  tool
}

var (
	_ providers.Provider  = (*Provider)(nil)
	_ providers.Networker = (*Provider)(nil)
	_ providers.Pacer     = (*Provider)(nil)
	_ providers.Copier    = (*Provider)(nil)
	_ providers.Saver     = (*Provider)(nil)

	_ providers.RootDialer     = (*Machine)(nil)
	_ providers.Rebooter       = (*Machine)(nil)
	_ providers.LimitReporter  = (*Machine)(nil)
	_ providers.Starter        = (*Machine)(nil)
	_ providers.Resetter       = (*Machine)(nil)
	_ providers.SnapshotKeeper = (*Machine)(nil)
	_ providers.Resizer        = (*Machine)(nil)
	_ providers.Remounter      = (*Machine)(nil)
	_ providers.Forwarder      = (*Machine)(nil)
)

// New makes the provider; nothing is touched yet. BENCHTEST_LIMACTL names the
// program, BENCHTEST_LIMA_HOME its LIMA_HOME and BENCHTEST_LIMA_QEMU the QEMU
// that it is to use, with options; "tcg" stands for software emulation.
func New(o providers.Options) (providers.Provider, error) {
	if !filepath.IsAbs(o.Home) {
		return nil, fmt.Errorf("make provider lima: home %q is not absolute", o.Home)
	}
	home := filepath.Clean(o.Home)
	s, err := readSettings(home, os.Getenv)
	if err != nil {
		return nil, fmt.Errorf("make provider lima: %w", err)
	}
	state := filepath.Join(home, "lima-state")
	return &Provider{
		home: home, state: state, run: o.Run,
		tool: tool{settings: s.emulated(), wrapper: filepath.Join(state, "qemu.sh")},
	}, nil
}

// Pace is that of emulated machines where the environment or the lack of
// acceleration makes them so; what a template asks of QEMU is its own affair.
func (p *Provider) Pace() float64 { return p.tool.settings.pace() }

// key is limactl's own key, with which it reaches every guest.
func (p *Provider) key() (ssh.Signer, error) {
	b, err := os.ReadFile(p.userKey())
	if err != nil {
		return nil, fmt.Errorf("read limactl's key: %w", err)
	}
	key, err := ssh.ParsePrivateKey(b)
	if err != nil {
		return nil, fmt.Errorf("read limactl's key: %w", err)
	}
	return key, nil
}

// admin is a sandbox of m in which commands are root's, by way of limactl's
// account. It waits for the guest as long as ctx lasts. The caller closes it.
func (p *Provider) admin(ctx context.Context, m providers.Machine, pinned ssh.PublicKey) (*providers.Sandbox, error) {
	key, err := p.key()
	if err != nil {
		return nil, err
	}
	limit := time.Hour
	if deadline, ok := ctx.Deadline(); ok {
		limit = time.Until(deadline)
	}
	return providers.Open(ctx, m, m.ID(), providers.Access{User: "root", Login: guestUser, Key: key, HostKey: pinned},
		providers.SandboxOptions{ConnectLimit: limit, Pace: p.Pace()})
}

// dial connects to the SSH server of the instance, which limactl forwards to a
// port of its choice on loopback.
func (p *Provider) dial(ctx context.Context, instance string) (net.Conn, error) {
	t, err := readTale(p.tool.dir(instance))
	switch {
	case err != nil:
		return nil, err
	case t.port == 0:
		return nil, fmt.Errorf("it has no SSH port yet")
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(t.port)))
}

// userKey is the private key that limactl makes once, for all its guests.
func (p *Provider) userKey() string { return filepath.Join(p.tool.settings.home, "_config", "user") }
