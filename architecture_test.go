// Package architecture holds no code: its tests keep the layout of the module
// what ARCHITECTURE.md says it is.
package architecture

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/benchtest-dev/benchtest/"

// A layer may import what stands in its list, with everything below those
// names, and nothing else of this module.
var layers = []struct {
	dir, why string
	may      []string
}{
	{"benchtest/facts", "facts are the leaf: whoever stores or reads evidence needs nothing else", nil},
	{"benchtest/facts/collect", "collectors know the fact model alone, so that the probe stays small", []string{"benchtest/facts"}},
	{"benchtest/facts/probe", "the probe is the collectors with a main", []string{"benchtest/facts"}},
	{"benchtest/facts/guestbin", "building what runs in guests needs no machine", nil},
	{"benchtest/facts/probebin", "building the probe needs no machine", []string{"benchtest/facts"}},
	{"benchtest/stats", "statistics are arithmetic, and know nothing of what is counted", nil},
	{"benchtest/rules", "rules are pure functions of stored evidence", []string{"benchtest/facts"}},
	{"benchtest/scenario", "scenarios are data: template names come in as an argument", []string{"benchtest/rules", "benchtest/facts"}},
	{"benchtest/verdict", "a verdict is a pure function of the evidence, in a run and ever after", []string{"benchtest/scenario", "benchtest/rules", "benchtest/facts", "providers"}},
	{"benchtest/rescore", "re-scoring applies today's rules to stored evidence, and needs no machine", []string{"benchtest/verdict", "benchtest/scenario", "benchtest/rules", "benchtest/facts", "reports"}},
	{"benchtest/flakes", "flakes are told from recorded attempts, counted and judged again", []string{"benchtest/rescore", "benchtest/verdict", "benchtest/scenario", "benchtest/rules", "benchtest/stats", "reports"}},
	{"providers", "a provider knows machines and what is asked of them", []string{"benchtest/facts", "providers"}},
	{"reports", "reports read records, never machines", []string{"benchtest/facts", "benchtest/rules", "benchtest/stats", "providers"}},
	{"fixtures", "fixtures keep machines ready and know no attempt", []string{"providers", "benchtest/facts", "benchtest/rules", "fixtures"}},
	{"benchtest/engines", "an engine works a ticket on sandboxes", []string{"providers", "benchtest/scenario", "reports", "benchtest/rules", "benchtest/facts", "benchtest/engines"}},
	{"benchtest/gateways", "a gateway takes a ticket to an engine", []string{"benchtest/engines", "providers", "benchtest/scenario", "reports", "benchtest/rules", "benchtest/gateways"}},
	{"benchtest/helper", "a helper is the binary started again for a provider, a lease or a connection", []string{"fixtures", "providers", "benchtest/engines/isolate"}},
	{"benchtest/gate", "a gate judges counts, for the run and for merge alike", []string{"benchtest/stats", "reports"}},
	{"benchtest/perf", "the bars measure everything but testing", []string{"benchtest", "fixtures", "providers", "reports"}},
	{"benchtest/reference", "the reference asks the programs themselves, and links nothing of them", nil},
	{"benchtest/attempt", "the attempt is where everything meets, without testing", []string{"benchtest/engines", "benchtest/gateways", "benchtest/verdict", "fixtures", "providers", "benchtest/scenario", "reports", "benchtest/rules", "benchtest/facts"}},
	{"benchtest", "the adapter: the only one that knows testing", []string{"benchtest/attempt", "benchtest/engines", "benchtest/gateways", "benchtest/gate", "benchtest/stats", "benchtest/helper", "fixtures", "reports", "providers", "benchtest/scenario", "benchtest/rules", "benchtest/facts"}},
	{"benchtest/cmd", "the command links everything but testing and package benchtest", []string{"benchtest/helper", "benchtest/attempt", "benchtest/engines", "benchtest/gateways", "benchtest/rescore", "benchtest/flakes", "benchtest/gate", "benchtest/stats", "benchtest/scenario", "benchtest/rules", "benchtest/facts", "fixtures", "reports", "providers", "benchtest/cmd"}},
}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	for pkg, imports := range productionImports(t) {
		layer := layerOf(t, pkg)
		for _, imp := range imports {
			to, ours := strings.CutPrefix(imp, module)
			if !ours || within(to, layers[layer].dir) && layers[layer].dir != "benchtest" {
				continue
			}
			allowed := slices.ContainsFunc(layers[layer].may, func(dir string) bool { return within(to, dir) })
			assert.Truef(t, allowed, "%s imports %s, but %s", pkg, to, layers[layer].why)
		}
	}
}

func TestOnlyTheAdapterKnowsTesting(t *testing.T) {
	t.Parallel()
	for pkg, imports := range productionImports(t) {
		if pkg == "benchtest" || strings.HasSuffix(pkg, "test") {
			continue
		}
		assert.NotContainsf(t, imports, "testing", "%s: a runner returns errors and knows nothing of testing", pkg)
		assert.NotContainsf(t, imports, "github.com/stretchr/testify/require", "%s: assertions are the adapter's", pkg)
	}
}

// within reports whether pkg is dir or below it.
func within(pkg, dir string) bool { return pkg == dir || strings.HasPrefix(pkg, dir+"/") }

// layerOf is the layer with the longest name that holds pkg.
func layerOf(t *testing.T, pkg string) int {
	t.Helper()
	best := -1
	for i, l := range layers {
		if within(pkg, l.dir) && (best < 0 || len(l.dir) > len(layers[best].dir)) {
			best = i
		}
	}
	require.NotEqualf(t, -1, best, "%s belongs to no layer: add one, with its reason", pkg)
	return best
}

// productionImports maps each package of the module to what it imports.
func productionImports(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-e", "-tags", "host,incus,lima",
		"-f", `{{.ImportPath}} {{join .Imports " "}}`, "./benchtest/...", "./providers/...", "./fixtures/...", "./reports/...").Output()
	require.NoError(t, err)
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		all[strings.TrimPrefix(fields[0], module)] = fields[1:]
	}
	require.NotEmpty(t, all)
	return all
}
