package providertest_test

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/providertest"
)

// A breaker is a provider that breaks the contract in one way.
type breaker struct {
	*providertest.Fake
	how string
}

func (b *breaker) Build(ctx context.Context, t providers.Template) error {
	if b.how == "no template" {
		return nil
	}
	return b.Fake.Build(ctx, t)
}

func (b *breaker) Clone(ctx context.Context, c providers.CloneSpec) (providers.Machine, error) {
	switch b.how {
	case "leaves clones":
		if err := ctx.Err(); err != nil {
			_, _ = b.Fake.Clone(context.WithoutCancel(ctx), c)
			return nil, err
		}
	case "takes any ID":
		if providers.CheckID(c.ID) != nil {
			c.ID = "benchtest-any"
		}
	case "loses the host key":
		other, err := providers.NewKeyRing()
		if err != nil {
			return nil, err
		}
		c.Keys.HostKey = other.Keys.HostKey
	}
	m, err := b.Fake.Clone(ctx, c)
	if err != nil {
		return nil, err
	}
	if b.how == "destroys once" {
		m = &destroyedOnce{Machine: m}
	}
	return m, nil
}

func (b *breaker) Open(ctx context.Context, id string) (providers.Machine, error) {
	m, err := b.Fake.Open(ctx, id)
	if err != nil && b.how == "opens the unknown" {
		return &destroyedOnce{}, nil
	}
	return m, err
}

func (b *breaker) List(ctx context.Context) ([]providers.MachineInfo, error) {
	all, err := b.Fake.List(ctx)
	if b.how == "forgets to list" {
		all = slices.DeleteFunc(all, func(i providers.MachineInfo) bool { return i.Kind == providers.KindClone })
	}
	return all, err
}

// destroyedOnce knows no second Destroy.
type destroyedOnce struct {
	providers.Machine
	gone atomic.Bool
}

func (d *destroyedOnce) Destroy(ctx context.Context) error {
	if d.gone.Swap(true) {
		return providers.ErrNotFound
	}
	return d.Machine.Destroy(ctx)
}
