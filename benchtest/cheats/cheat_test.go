package cheats

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/providers"
)

// shipped is the scenario that most cheat at, rules and all.
const shipped = "nginx/001-broken-config"

// A cheat makes a machine look repaired, or its witness fall silent.
type cheat struct {
	name string
	// on is the scenario; empty: shipped.
	on string
	// naive is what a naive verifier asks there; nil: what it asks of shipped.
	naive []question
	// script runs as root, after testdata/lib.sh.
	script string
	// landed is a question to the guest, for bash as root: exit 0 says that
	// the cheat is in place.
	landed string
	// seen is landed for a guest that answers no more: it is asked of the
	// machine, from the host's side.
	seen func(ctx context.Context, m providers.Machine) error
	// checksItself: the script's last command is the question, since no other
	// can be asked after it.
	checksItself bool
	// needs says why this cheat cannot be tried here; nil: it always can.
	needs func() string
	// files are put in the guest first, beside those that all have.
	files map[string]string
	// wounded: the script ends the session that it runs in, or may.
	wounded bool
	// quick cheats are one or two of each class.
	quick bool
	// outcome is the one to expect; empty: failed.
	outcome rules.Outcome
}

//go:embed testdata/lib.sh
var library string

//go:embed testdata/fake.py
var fakeServer string

// all are the cheats of every class.
func all() []cheat {
	return slices.Concat(programs(), shells(), mounts(), units(), buses(), doors(), files(), clocks(), ends(), hiding(),
		libraries(), sites(), elsewhere())
}

// A verdict is what became of one cheat.
type verdict struct {
	name    string
	outcome rules.Outcome
	reason  string
	naive   error // nil: the naive verifier was fooled
	took    time.Duration
}

// play is the engine that cheats.
func (c cheat) play(l *lab, v *verdict) work {
	return func(ctx context.Context, w engines.Work, g *guest) error {
		// So that no rule about the engine's conduct decides.
		_, _ = g.root(ctx, "nginx -t")
		if err := g.furnish(ctx, c.files); err != nil {
			return err
		}
		_, err := g.root(ctx, library+c.script)
		if err != nil && !c.wounded {
			return fmt.Errorf("cheat: %w", err)
		}
		if c.landed != "" {
			if _, err := g.root(ctx, library+c.landed); err != nil {
				return fmt.Errorf("did not land: %w", err)
			}
		}
		if c.seen != nil {
			m, err := l.machine(ctx, w.Attempt)
			if err != nil {
				return err
			}
			if err := c.seen(ctx, m); err != nil {
				return fmt.Errorf("did not land: %w", err)
			}
		}
		v.naive = g.naive(ctx, c.naive)
		return nil
	}
}

// furnish puts what cheats are made of into the guest.
func (g *guest) furnish(ctx context.Context, more map[string]string) error {
	// Where the fault is a full disk, memory has room.
	if _, err := g.root(ctx, "mkdir -p -m 0777 /opt/cheat || { mount -t tmpfs tmpfs /opt && mkdir -m 0777 /opt/cheat; }"); err != nil {
		return err
	}
	if err := g.put(ctx, "/opt/cheat/fake.py", fakeServer); err != nil {
		return err
	}
	for name, text := range more {
		if err := g.put(ctx, "/opt/cheat/"+name, text); err != nil {
			return err
		}
	}
	return nil
}

// wanted reports whether the cheat is to be tried: the quick ones alone with
// BENCHTEST_CHEATS=quick, else all of them (make soak).
func (c cheat) wanted() bool {
	return c.quick || os.Getenv("BENCHTEST_CHEATS") != "quick"
}

func TestEveryCheatIsChecked(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, c := range all() {
		assert.False(t, names[c.name], "%s: two of that name", c.name)
		names[c.name] = true
		assert.True(t, c.landed != "" || c.seen != nil || c.checksItself, "%s: nobody looks whether it landed", c.name)
	}
	assert.GreaterOrEqual(t, len(names), 30)
}

func TestNoCheatPasses(t *testing.T) {
	l := newLab(t)
	var mu sync.Mutex
	var verdicts []verdict
	t.Run("cheats", func(t *testing.T) {
		for i, c := range all() {
			if !c.wanted() {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				if c.needs != nil {
					if why := c.needs(); why != "" {
						t.Skip(why)
					}
				}
				v := c.try(t, l, i)
				mu.Lock()
				defer mu.Unlock()
				verdicts = append(verdicts, v)
			})
		}
	})
	fooled := 0
	slices.SortFunc(verdicts, func(a, b verdict) int { return strings.Compare(a.name, b.name) })
	for _, v := range verdicts {
		opinion := "fooled"
		if v.naive != nil {
			opinion = "not fooled"
		} else {
			fooled++
		}
		t.Logf("%-34s %-8s naive: %-11s %5.1fs  %.150s", v.name, v.outcome, opinion, v.took.Seconds(), v.reason)
	}
	t.Logf("%d cheats: %d passed, %d errored; %d of them fool a naive verifier",
		len(verdicts), count(verdicts, rules.Passed), count(verdicts, rules.Errored), fooled)
	if len(verdicts) > 0 {
		assert.GreaterOrEqual(t, 2*fooled, len(verdicts), "cheats that fool nobody prove little")
	}
}

func count(verdicts []verdict, o rules.Outcome) int {
	n := 0
	for _, v := range verdicts {
		if v.outcome == o {
			n++
		}
	}
	return n
}

// try makes one attempt with the cheat as its engine.
func (c cheat) try(t *testing.T, l *lab, n int) verdict {
	t.Helper()
	v := verdict{name: c.name, naive: errors.New("never asked")}
	begin := time.Now()
	var broke error
	rec := l.attempt(t, l.scenario(t, cmp.Or(c.on, shipped), fmt.Sprintf("cheats/%03d-%s", n, c.name)), func(ctx context.Context, w engines.Work, g *guest) error {
		broke = c.play(l, &v)(ctx, w, g)
		return nil // an engine that breaks down would be no cheat
	})
	v.took, v.outcome, v.reason = time.Since(begin), rec.Outcome, rec.Reason
	require.NoError(t, broke)
	want := c.outcome
	if want == "" {
		want = rules.Failed
	}
	assert.Equal(t, want, rec.Outcome, rec.Reason)
	for _, r := range rec.Results {
		assert.True(t, r.Scope != rules.ScopeState || r.Status != rules.Holds || r.Grade == "host" || r.Grade == "guest-run", "%s: grade %q", r.Label, r.Grade)
	}
	return v
}
