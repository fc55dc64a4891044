package main

import (
	"context"
	"errors"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
)

// coldRounds is how many machines of each sort are made.
const coldRounds = 15

// measureCold compares a clone until its first command has answered with the
// same container made by runc alone.
func measureCold(ctx context.Context) (r []reading, err error) {
	l, err := openLab(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	t, err := l.template(ctx, "debian-base")
	if err != nil {
		return r, err
	}
	model, err := l.model(ctx, t)
	if err != nil {
		return r, err
	}
	ours := func(ctx context.Context) (time.Duration, error) { return l.coldClone(ctx, t) }
	for _, warmUp := range []timed{ours, model.cold} {
		if _, err := warmUp(ctx); err != nil {
			return r, err
		}
	}
	a, b, err := pairs(ctx, coldRounds, ours, model.cold)
	if err != nil {
		return r, err
	}
	return compared(a, b, "clone to first command", "runc create, start and x/crypto/ssh"), nil
}

// coldClone is how long a machine takes from nothing to its first answer.
func (l *lab) coldClone(ctx context.Context, t providers.Template) (took time.Duration, err error) {
	begin := time.Now()
	c, err := l.clone(ctx, t)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, c.destroy(ctx)) }()
	s, err := c.open(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := command(ctx, s, "true"); err != nil {
		return 0, err
	}
	return time.Since(begin), nil
}
