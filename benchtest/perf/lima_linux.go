package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/lima"
)

// limaResets is how many times a machine is reset. It is cloned and booted
// once, which takes minutes where there is no acceleration.
const limaResets = 10

// measureLima compares a reset by snapshot until the first command has
// answered, reconnect and clock included, with clone and boot.
func measureLima(ctx context.Context) (r []reading, err error) {
	p, t, err := openLima(ctx)
	if err != nil {
		return nil, err
	}
	ring, err := providers.NewKeyRing()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	m, err := p.Clone(ctx, providers.CloneSpec{
		ID: fmt.Sprintf("benchtest-perf-%d", os.Getpid()), Template: t, HostName: "web1", Network: providers.NetworkNone, Keys: ring.Keys,
		// Of another size than its template, it does not go on from the template's state.
		Limits: providers.Limits{MemoryMiB: t.MemoryMiB + 64},
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.Destroy(context.WithoutCancel(ctx))) }()
	s, err := providers.Open(ctx, m, "web1", ring.Access("root"), providers.SandboxOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := errors.Join(s.WaitReady(ctx), command(ctx, s, "true")); err != nil {
		return nil, err
	}
	boot := time.Since(begin)
	resets, err := limaReset(ctx, m.(providers.Resetter), s)
	if err != nil {
		return nil, err
	}
	detail := fmt.Sprintf("reset to first command %s, clone and boot %s", resets, show(boot))
	spread := fmt.Sprintf("%s..%s", show(resets.quantile(0.25)), show(resets.quantile(0.75)))
	return []reading{
		{value: boot.Seconds() / resets.median().Seconds(), n: limaResets, spread: spread, detail: detail},
		{value: resets.median().Seconds(), n: limaResets, spread: spread, detail: detail},
	}, nil
}

// limaReset resets a machine again and again.
func limaReset(ctx context.Context, m providers.Resetter, s *providers.Sandbox) (resets sample, err error) {
	if err := m.CanReset(ctx); err != nil {
		return nil, skip{err.Error()}
	}
	if err := m.Snapshot(ctx, "ready"); err != nil {
		return nil, err
	}
	for range limaResets {
		begin := time.Now()
		if err := errors.Join(m.Restore(ctx, "ready"), command(ctx, s, "true")); err != nil {
			return nil, err
		}
		resets = append(resets, time.Since(begin))
	}
	return resets, nil
}

// openLima is provider lima with a template built, in the BENCHTEST_HOME of
// whoever calls.
func openLima(ctx context.Context) (p providers.Provider, t providers.Template, err error) {
	if os.Geteuid() == 0 {
		return nil, t, skip{"limactl refuses root: scripts/lima.sh bars, or make bench-perf ONLY=lima-reset as an ordinary user"}
	}
	if name := os.Getenv("BENCHTEST_LIMACTL"); name == "" {
		if _, err := exec.LookPath("limactl"); err != nil {
			return nil, t, skip{"no limactl: scripts/lima.sh builds it"}
		}
	}
	home, err := fixtures.Home(os.LookupEnv)
	if err != nil {
		return nil, t, err
	}
	if p, err = lima.New(providers.Options{Home: home, Run: "perf"}); err != nil {
		return nil, t, err
	}
	if err := p.Check(ctx); err != nil {
		return nil, t, skip{strings.ReplaceAll(err.Error(), "\n", "; ")}
	}
	catalog, err := fixtures.LoadTemplates(fixtures.Embedded())
	if err != nil {
		return nil, t, err
	}
	if t, err = catalog.Get("debian-base"); err != nil {
		return nil, t, err
	}
	return p, t, p.Build(ctx, t)
}
