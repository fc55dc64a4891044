package providertest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var template = providers.Template{Name: "debian-fake", Digest: "0123456789abcdef"}

// TestFake holds the fake to the suite that holds the others. It isolates
// nothing, so Caps.Network stays off.
func TestFake(t *testing.T) {
	f := providertest.NewFake(providertest.FakeOptions{Dir: t.TempDir(), Facts: few, Enforced: providers.Enforced{Reason: "it is a fake"}})
	providertest.Run(t, providertest.Harness{
		New:      func(*testing.T) providers.Provider { return f.Again() },
		Template: func(*testing.T) providers.Template { return template },
		Caps: providertest.Caps{
			Probe: true, Reboot: true, Limits: true, Snapshot: true,
			Start: true, Resize: true, Keeper: true, Copy: true, Save: true,
		},
		Probe: func(t *testing.T) *os.File {
			t.Helper()
			file, err := os.Create(filepath.Join(t.TempDir(), "probe"))
			require.NoError(t, err)
			return file
		},
	})
}

// few is a very small probe.
func few(_ *providertest.FakeMachine, req facts.Request) (facts.Answer, error) {
	var a facts.Answer
	for _, q := range req.Queries {
		attrs := map[string]any{"running": true, "exists": !strings.Contains(q.Subject, "no/such")}
		if q.Noun == facts.NounCommand {
			attrs = map[string]any{"exit-status": 4}
		}
		a.Facts = append(a.Facts, facts.Fact{Query: q, Grade: facts.GradeHost, Attrs: attrs})
	}
	return a, nil
}

// TestSuiteCatches runs the suite against fakes that break the contract, each
// in a process of its own, and checks that it fails.
func TestSuiteCatches(t *testing.T) {
	t.Parallel()
	for name, want := range broken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBroken$", "-test.v")
			cmd.Env = append(os.Environ(), "BENCHTEST_BROKEN="+name)
			out, err := cmd.CombinedOutput()
			require.Error(t, err, "the suite passes a provider that breaks it")
			require.Contains(t, string(out), "--- FAIL: TestBroken/"+want)
		})
	}
}

// broken maps a way to break the contract to the subtest that notices.
var broken = map[string]string{
	"leaves clones":      "machines/cancelled_clones",
	"takes any ID":       "machines/refused_clones",
	"forgets to list":    "machines/list",
	"destroys once":      "machines/destroy",
	"opens the unknown":  "machines/open_from_elsewhere",
	"no template":        "build",
	"loses the host key": "machines/keys",
}

// TestBroken is the child of TestSuiteCatches.
func TestBroken(t *testing.T) {
	how := os.Getenv("BENCHTEST_BROKEN")
	if how == "" {
		t.Skip("this is a helper: run TestSuiteCatches")
	}
	f := providertest.NewFake(providertest.FakeOptions{Dir: t.TempDir()})
	providertest.Run(t, providertest.Harness{
		New:      func(*testing.T) providers.Provider { return &breaker{Fake: f, how: how} },
		Template: func(*testing.T) providers.Template { return template },
	})
}
