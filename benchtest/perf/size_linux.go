package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
)

const sizeRounds = 15

// measureSize compares clones of a large and a small template.
func measureSize(ctx context.Context) (r []reading, err error) {
	l, err := openLab(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	base, err := l.template(ctx, "debian-base")
	if err != nil {
		return r, err
	}
	// debian-base is just above 300 MB; the large one has that and 1.7 GB in
	// files of 64 KiB.
	small, dropSmall, err := l.grown(ctx, base, 1)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, dropSmall()) }()
	large, dropLarge, err := l.grown(ctx, base, 27_000)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, dropLarge()) }()
	a, b, err := pairs(ctx, sizeRounds,
		func(ctx context.Context) (time.Duration, error) { return l.bareClone(ctx, large) },
		func(ctx context.Context) (time.Duration, error) { return l.bareClone(ctx, small) })
	if err != nil {
		return r, err
	}
	return compared(a, b, "clone of 2 GB", "of 0.3 GB"), nil
}

// bareClone is how long Clone takes: until the guest's init runs. What comes
// after depends on what the guest starts and would only hide a difference.
func (l *lab) bareClone(ctx context.Context, t providers.Template) (took time.Duration, err error) {
	begin := time.Now()
	c, err := l.clone(ctx, t)
	if err != nil {
		return 0, err
	}
	took = time.Since(begin)
	return took, c.destroy(ctx)
}

// grown is a template of base with so many files of 64 KiB more. drop deletes
// it.
func (l *lab) grown(ctx context.Context, base providers.Template, files int) (t providers.Template, drop func() error, err error) {
	dir, err := os.MkdirTemp("", "benchtest-perf-")
	if err != nil {
		return t, nil, err
	}
	script := fmt.Sprintf(`#!/bin/sh
set -eu
mkdir -p /srv/ballast
head -c %d /dev/urandom | split -b 65536 -a 4 - /srv/ballast/file-
`, files<<16)
	if err := os.WriteFile(filepath.Join(dir, "provision.sh"), []byte(script), 0o755); err != nil {
		return t, nil, errors.Join(err, os.RemoveAll(dir))
	}
	sum := sha256.Sum256([]byte(base.Digest + script))
	t = base
	t.Name, t.Digest, t.Base = fmt.Sprintf("perf-%d", files), hex.EncodeToString(sum[:]), &base
	t.Suite, t.Packages, t.Provision, t.Files = "", nil, "provision.sh", os.DirFS(dir)
	deleter, ok := l.provider.(fixtures.TemplateDeleter)
	if !ok {
		return t, nil, errors.Join(errors.New("provider cannot delete templates"), os.RemoveAll(dir))
	}
	drop = func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyLimit)
		defer cancel()
		return errors.Join(deleter.DeleteTemplate(ctx, t.BuildName()), os.RemoveAll(dir))
	}
	if err := l.cache.EnsureBuilt(ctx, t); err != nil {
		return t, nil, errors.Join(err, drop())
	}
	return t, drop, nil
}
