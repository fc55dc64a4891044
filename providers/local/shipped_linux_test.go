package local_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/attempt"
	"github.com/benchtest-dev/benchtest/benchtest/facts/probebin"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
)

// tinyImage makes tiny.tar: a shell and what it needs, which is enough of a
// root file system for a container.
const tinyImage = `set -e; mkdir -p t/bin t/lib64 t/lib; cp /bin/sh /bin/echo t/bin/; cp /lib64/ld-linux-*.so.* t/lib64/ 2>/dev/null || true
cp /lib/*-linux-gnu/libc.so.6 t/lib/; cp /lib/ld-linux-*.so.* t/lib/ 2>/dev/null || true; tar -C t -cf tiny.tar .; `

// shipped are the templates that come with benchtest, and a command that shows
// what each is for.
var shipped = map[string]struct{ command, want string }{
	"debian-base":       {"systemctl is-active cron", "active"},
	"debian-nginx":      {"curl -s http://127.0.0.1/", "Welcome to nginx"},
	"debian-docker":     {tinyImage + "docker import tiny.tar tiny; docker run --rm tiny /bin/echo hello", "hello"},
	"debian-podman":     {tinyImage + "podman import tiny.tar tiny; podman run --rm tiny /bin/echo hello", "hello"},
	"debian-localstack": {"awslocal s3 mb s3://benchtest && awslocal s3 ls", "benchtest"},
	"debian-k3s":        {"kubectl get nodes", "Ready"},
}

// The shipped templates build here and get ready by their own rules, or say why
// they cannot be had. It takes minutes: BENCHTEST_TEMPLATES=1 (make templates).
func TestShippedTemplates(t *testing.T) {
	t.Parallel()
	if os.Getenv("BENCHTEST_TEMPLATES") == "" {
		t.Skip("this builds every template: set BENCHTEST_TEMPLATES=1")
	}
	p, _ := live(t)
	catalog, err := fixtures.LoadTemplates(fixtures.Embedded())
	require.NoError(t, err)
	probe, err := probebin.Open(t.Context(), testHome(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, probe.Close()) })
	ready := (&attempt.Runner{Probe: probe, Log: slog.New(slog.DiscardHandler)}).ReadyFunc()
	cache := fixtures.NewTemplateCache(p, fixtures.Progress{W: t.Output()})
	for _, name := range catalog.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tmpl, err := catalog.Get(name)
			require.NoError(t, err)
			err = cache.EnsureBuilt(t.Context(), tmpl)
			if errors.Is(err, providers.ErrUnavailable) {
				t.Skip(err)
			}
			require.NoError(t, err)
			m, ring := clone(t, p, tmpl, "benchtest-shipped-"+name[len("debian-"):], "web1")
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			c := &fixtures.Clone{Machine: m, Keys: ring, Template: tmpl, HostName: "web1"}
			require.NoError(t, ready(ctx, c))
			defer func() { require.NoError(t, c.Root.Close()) }()
			r, err := c.Root.Exec(ctx, providers.Command{Argv: []string{"/bin/sh", "-c", shipped[name].command}})
			require.NoError(t, err)
			assert.Zero(t, r.ExitStatus, "%s", r.Stderr)
			assert.Contains(t, string(r.Stdout), shipped[name].want)
		})
	}
}
