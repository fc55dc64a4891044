package bastion

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
)

const defaultUser = "agent"

// Config is what a Bastion is started with. Dir, Hosts and Binary must be set.
type Config struct {
	// Dir is a directory for this bastion alone. It is made when it is not
	// there; Close removes what the bastion put in it but the terminal streams.
	Dir string
	// Hosts maps each host_name of the attempt to its machine. One whose Upstream
	// is the zero value cannot be reached until Attach says how.
	Hosts map[string]Upstream
	// Binary is the absolute path of the program that the ssh_config names as
	// ProxyCommand; started with -benchtest.dial=ARG it must call DialMain.
	Binary string
	// User is the one user name that the bastion lets in; empty means agent.
	// Who a client is in the guest is its Upstream's to say.
	User string
	// Observe, where set, is told of each command twice: as it starts, before
	// it is forwarded (Ended is zero), and when it has ended. Calls come one at a
	// time and the command waits for them.
	Observe func(Record)
	// Log, where set, takes a line for each thing that was refused or broke.
	Log io.Writer
	// Owner, where set, may use the bastion although it is another user than
	// this process's: the key and the socket become its own.
	Owner *Owner
	// Limits bounds what a client can make the bastion hold.
	Limits Limits
}

// Upstream is how the bastion reaches one guest.
type Upstream struct {
	Machine providers.Machine
	// Access names the guest's user, our key and the guest's pinned host key.
	Access providers.Access
}

// Owner is a user of the driver.
type Owner struct{ UID, GID int }

// Limits bounds a bastion. The zero value of each field means its default.
type Limits struct {
	Connections   int           // client connections at once; 1024
	Sessions      int           // channels at once on one client connection; 64
	Commands      int           // records kept; further ones are refused; 100,000
	CommandBytes  int64         // command text kept in all; further ones are refused; 64 MiB
	Terminal      int64         // bytes of one terminal stream that are kept; 1 MiB
	TerminalTotal int64         // bytes of all terminal streams that are kept; 64 MiB
	Handshake     time.Duration // for a client to name its host and prove itself; 20s
	Dial          time.Duration // for a guest's SSH server to answer; 15s
	Keepalive     time.Duration // between questions to a guest; one left without answer that long ends the connection; 10s
}

func (l Limits) withDefaults() Limits {
	l.Connections = cmp.Or(l.Connections, 1024)
	l.Sessions = cmp.Or(l.Sessions, 64)
	l.Commands = cmp.Or(l.Commands, 100_000)
	l.CommandBytes = cmp.Or(l.CommandBytes, 64<<20)
	l.Terminal = cmp.Or(l.Terminal, 1<<20)
	l.TerminalTotal = cmp.Or(l.TerminalTotal, 64<<20)
	l.Handshake = cmp.Or(l.Handshake, 20*time.Second)
	l.Dial = cmp.Or(l.Dial, 15*time.Second)
	l.Keepalive = cmp.Or(l.Keepalive, 10*time.Second)
	return l
}

// check refuses what the ssh_config could not express or the bastion not serve.
func (c Config) check() error {
	var errs []error
	for what, path := range map[string]string{"directory": c.Dir, "binary": c.Binary} {
		switch {
		case !filepath.IsAbs(path):
			errs = append(errs, fmt.Errorf("%s %q is not an absolute path", what, path))
		case strings.ContainsAny(path, "\"\\\n\r\x00") || strings.Contains(path, "${"):
			errs = append(errs, fmt.Errorf("%s %q holds characters that an ssh_config cannot: quotes, backslashes, line ends or ${", what, path))
		}
	}
	if len(c.Hosts) == 0 {
		errs = append(errs, errors.New("no hosts"))
	}
	if !validHost(cmp.Or(c.User, defaultUser)) {
		errs = append(errs, fmt.Errorf("user %q is not a user's name", c.User))
	}
	for name, up := range c.Hosts {
		switch {
		case !validHost(name):
			errs = append(errs, fmt.Errorf("host name %q: want letters, digits, dots, underscores and dashes, at most 253", name))
		case !up.isZero():
			errs = append(errs, up.check(name))
		}
	}
	return errors.Join(errs...)
}

func (u Upstream) isZero() bool {
	return u.Machine == nil && u.Access.Key == nil && u.Access.HostKey == nil && u.Access.User == ""
}

func (u Upstream) check(host string) error {
	if u.Machine == nil || u.Access.Key == nil || u.Access.HostKey == nil || u.Access.User == "" {
		return fmt.Errorf("host %q: machine, user, key and pinned host key must be set", host)
	}
	return nil
}

// validHost keeps host names free of what means something in an ssh_config, in
// a path and in a shell.
func validHost(name string) bool {
	if name == "" || len(name) > 253 || name[0] == '-' || name[0] == '.' {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return false
		}
		return !strings.ContainsRune("._-", r)
	})
}
