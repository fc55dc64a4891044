package incus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	incus "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/cliconfig"
)

// A remote is where a daemon listens: a Unix socket or, if there is none, an
// address with what proves who both sides are.
type remote struct {
	socket string
	url    string
	args   incus.ConnectionArgs
	outage *outage // shared by all who reach it
}

// scriptSocket is where the daemon of scripts/incus.sh listens.
const scriptSocket = "/var/lib/benchtest-incus/unix.socket"

// findRemote says which daemon the environment means. It does not ask whether
// one listens there.
func findRemote(env func(string) string) (remote, error) {
	r, err := namedRemote(env)
	r.outage = &outage{}
	return r, err
}

func namedRemote(env func(string) string) (remote, error) {
	if name := env("BENCHTEST_INCUS_REMOTE"); name != "" {
		r, err := configuredRemote(env, name)
		if err != nil {
			return remote{}, fmt.Errorf("find Incus remote %q: %w", name, err)
		}
		return r, nil
	}
	if s := env("INCUS_SOCKET"); s != "" {
		return remote{socket: s}, nil
	}
	if d := env("INCUS_DIR"); d != "" {
		return remote{socket: filepath.Join(d, "unix.socket")}, nil
	}
	system := []string{"/run/incus/unix.socket", "/var/lib/incus/unix.socket", scriptSocket}
	for _, s := range system {
		if _, err := os.Stat(s); err == nil || errors.Is(err, fs.ErrPermission) {
			return remote{socket: s}, nil
		}
	}
	return remote{socket: system[1]}, nil
}

// remotes is the configuration of the incus command, and the directory where it is.
func remotes(env func(string) string) (*cliconfig.Config, string, error) {
	dir := env("INCUS_CONF")
	if dir == "" {
		base := env("XDG_CONFIG_HOME")
		if base == "" {
			base = filepath.Join(env("HOME"), ".config")
		}
		dir = filepath.Join(base, "incus")
	}
	path := filepath.Join(dir, "config.yml")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return cliconfig.NewConfig(dir, true), dir, nil
	}
	c, err := cliconfig.LoadConfig(path)
	if err != nil {
		return nil, dir, fmt.Errorf("read %s: %w", dir, err)
	}
	return c, dir, nil
}

func unknownRemote(dir, name string) error {
	return fmt.Errorf("it is not in %s: incus remote add %s ADDRESS", filepath.Join(dir, "config.yml"), name)
}

// configuredRemote reads a remote as `incus remote add` left it.
func configuredRemote(env func(string) string, name string) (remote, error) {
	c, dir, err := remotes(env)
	if err != nil {
		return remote{}, err
	}
	r, ok := c.Remotes[name]
	if !ok {
		return remote{}, unknownRemote(dir, name)
	}
	out := remote{url: r.Addr}
	for _, file := range []struct {
		path string
		into *string
	}{
		{c.ServerCertPath(name), &out.args.TLSServerCert},
		{filepath.Join(dir, "client.crt"), &out.args.TLSClientCert},
		{filepath.Join(dir, "client.key"), &out.args.TLSClientKey},
		{filepath.Join(dir, "client.ca"), &out.args.TLSCA},
	} {
		if *file.into, err = readIfThere(file.path); err != nil {
			return remote{}, err
		}
	}
	if out.args.TLSClientKey == "" {
		return remote{}, fmt.Errorf("there is no client certificate in %s: incus remote generate-certificate", dir)
	}
	return out, nil
}

// connect makes a client; one that is prompt does not wait for a daemon that
// restarts.
func (r remote) connect(ctx context.Context, prompt bool) (c incus.InstanceServer, err error) {
	args := r.args
	args.SkipGetServer, args.SkipGetEvents = true, true
	args.UserAgent = "benchtest"
	args.HTTPClient = &http.Client{}
	if r.url != "" {
		c, err = incus.ConnectIncusWithContext(ctx, r.url, &args)
	} else {
		c, err = incus.ConnectIncusUnixWithContext(ctx, r.socket, &args)
	}
	if err != nil {
		return nil, err
	}
	// Not every sort of connection lets itself be wrapped by its arguments.
	if inner, ok := args.HTTPClient.Transport.(*http.Transport); ok {
		args.HTTPClient.Transport = &patientTransport{ctx: ctx, inner: inner, outage: r.outage, prompt: prompt}
	}
	return c, nil
}

// absent reports whether no daemon was ever started there, or it has ended in
// order: then nothing of ours runs.
func (r remote) absent() bool {
	if r.url != "" {
		return false
	}
	_, err := os.Stat(r.socket)
	return errors.Is(err, fs.ErrNotExist)
}

// String names it for people.
func (r remote) String() string {
	if r.url != "" {
		return r.url
	}
	return r.socket
}
