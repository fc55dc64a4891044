package benchtest

import (
	"context"
	"errors"
	"os"
	"sync"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
)

// templates is the cache of this run; it is made when first wanted.
func (s *suite) templates() *fixtures.TemplateCache {
	if s.cache == nil {
		s.cache = fixtures.NewTemplateCache(s.runner.Provider, s.builds())
	}
	return s.cache
}

// buildTemplates builds what the chosen scenarios need and is not there, all
// at once and before the first attempt, so that it is on no attempt's clock.
// One that cannot be built is told and no more: the cache remembers, and
// exactly the attempts at its scenarios are errored with the same words, or
// skipped where it cannot be had here.
func (s *suite) buildTemplates(ctx context.Context, _ string) error {
	wanted, err := s.wantedTemplates()
	if err != nil {
		return err
	}
	cache := s.templates()
	var wg sync.WaitGroup
	for _, t := range wanted {
		wg.Go(func() {
			if err := cache.EnsureBuilt(ctx, t); err != nil && ctx.Err() == nil {
				become := "errored"
				if errors.Is(err, providers.ErrUnavailable) {
					become = "skipped"
				}
				tell(os.Stderr, "benchtest: %v: the scenarios that need template %s will be %s", err, t.Name, become)
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

// wantedTemplates are those of the chosen scenarios, each once.
func (s *suite) wantedTemplates() ([]providers.Template, error) {
	var wanted []providers.Template
	seen := map[string]bool{"": true} // a host that is not cloned has none
	for _, sc := range s.sel.chosen {
		for _, h := range sc.Hosts {
			if seen[h.Template] {
				continue
			}
			seen[h.Template] = true
			t, err := s.catalog.Get(h.Template)
			if err != nil {
				return nil, err
			}
			wanted = append(wanted, t)
		}
	}
	return wanted, nil
}

// builds is where the building of templates is shown: the terminal, which go
// test hides from our standard output, else standard error.
func (s *suite) builds() fixtures.Progress {
	if s.out.screen == nil {
		return fixtures.Progress{W: os.Stderr}
	}
	return fixtures.Progress{W: s.out.screen, Terminal: true}
}
