package providertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

// testLend: two attempts never have one machine, whichever process they are
// of; who waits for several gets all or none; and what died unmended, or is in
// quarantine, nobody gets by accident.
func (s *suite) testLend(t *testing.T) {
	s.need(t, "Lend", s.Caps.Lend)
	// Not parallel: it takes every machine there is.
	p := s.New(t)
	lender, ok := p.(providers.Lender)
	require.True(t, ok, "Caps.Lend is set, and the provider is no Lender")
	all, giveBack := s.borrowAll(t, lender)
	t.Run("all or none", func(t *testing.T) {
		one := s.lendSpec(t, "other/001-x/i1")
		assert.ErrorIs(t, s.borrow(s.New(t), one), context.DeadlineExceeded, "all are taken, says another process")
		giveBack()
		giveBack()
		more := append([]providers.CloneSpec{one}, all...)
		for i := range more {
			more[i].Attempt = one.Attempt
		}
		assert.ErrorIs(t, s.borrow(p, more...), context.DeadlineExceeded, "one more than there are")
		assert.NoError(t, s.borrow(s.New(t), all...), "which has kept none")
	})
	t.Run("clone takes what was borrowed", func(t *testing.T) {
		spec := s.lendSpec(t, "group/001-x/i1")
		back, err := lender.Borrow(s.patience(t), []providers.CloneSpec{spec})
		require.NoError(t, err)
		m, err := p.Clone(s.patience(t), spec)
		require.NoError(t, err)
		back()
		assert.ErrorIs(t, s.borrow(s.New(t), all...), context.DeadlineExceeded, "giveBack keeps off what was cloned")
		s.destroy(t, m)
		assert.NoError(t, s.borrow(s.New(t), all...))
	})
	t.Run("kept", func(t *testing.T) {
		m, err := p.Clone(s.patience(t), s.lendSpec(t, "group/001-x/i2"))
		require.NoError(t, err)
		k, ok := m.(providers.Keeper)
		require.True(t, ok, "a lent machine is a Keeper")
		require.NoError(t, k.Keep())
		again, err := s.New(t).Open(t.Context(), m.ID())
		require.NoError(t, err)
		assert.Error(t, s.borrow(s.New(t), all...))
		s.destroy(t, again)
		s.destroy(t, m)
		assert.NoError(t, s.borrow(s.New(t), all...))
	})
	t.Run("unmended and quarantined", func(t *testing.T) { s.testLoan(t, len(all)) })
}

// testLoan soils every machine, as attempts that died would.
func (s *suite) testLoan(t *testing.T, count int) {
	t.Helper()
	dead := s.New(t)
	var soiled []providers.Loan
	for range count {
		m, err := dead.Clone(s.patience(t), s.lendSpec(t, "group/001-x/i1"))
		require.NoError(t, err)
		loan, ok := m.(providers.Loan)
		require.True(t, ok, "a lent machine is a Loan")
		was, err := loan.Soil("group/001-x")
		require.NoError(t, err)
		require.False(t, was)
		soiled = append(soiled, loan)
	}
	for _, m := range soiled {
		s.destroy(t, m) // what purge does, without restore.*
	}
	assert.ErrorContains(t, s.borrow(s.New(t), s.lendSpec(t, "group/002-y/i1")), "left unmended by group/001-x/i1")
	p := s.New(t)
	for range count {
		m, err := p.Clone(s.patience(t), s.lendSpec(t, "group/001-x/i2"))
		require.NoError(t, err, "its own scenario may have it")
		defer s.destroy(t, m)
		was, err := m.(providers.Loan).Soil("group/001-x")
		require.NoError(t, err)
		require.True(t, was, "and is told")
		require.NoError(t, m.(providers.Loan).Mended())
		m.(providers.Loan).Quarantine(errors.New("because"))
		s.destroy(t, m)
	}
	assert.ErrorContains(t, s.borrow(p, s.lendSpec(t, "group/002-y/i1")), "because", "all are in quarantine")
	assert.NoError(t, s.borrow(s.New(t), s.lendSpec(t, "group/002-y/i1")), "for this run")
}

// lendSpec asks for any machine of the template, for an attempt.
func (s *suite) lendSpec(t *testing.T, attempt string) providers.CloneSpec {
	t.Helper()
	spec, _ := s.spec(t, "web1")
	spec.Attempt = attempt
	return spec
}

// borrow takes machines and gives them back, if they come soon.
func (s *suite) borrow(p providers.Provider, specs ...providers.CloneSpec) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	back, err := p.(providers.Lender).Borrow(ctx, specs)
	back()
	return err
}

// borrowAll takes every machine there is.
func (s *suite) borrowAll(t *testing.T, l providers.Lender) (specs []providers.CloneSpec, giveBack func()) {
	t.Helper()
	var backs []func()
	for {
		spec := s.lendSpec(t, "group/000-all/i1")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		back, err := l.Borrow(ctx, []providers.CloneSpec{spec})
		cancel()
		if err != nil {
			require.ErrorIs(t, err, context.DeadlineExceeded)
			return specs, func() {
				for _, b := range backs {
					b()
				}
			}
		}
		specs, backs = append(specs, spec), append(backs, back)
	}
}
