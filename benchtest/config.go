package benchtest

import (
	"io/fs"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/attempt"
	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/providers"
)

// Entry is one line of the generated table.
type Entry = scenario.Entry

// Config is what a suite says of itself in its TestMain. The zero value runs
// the scenarios below the package's directory on provider local with the
// engine oracle. Flags and their environment twins win over it.
type Config struct {
	// Engines are the user's own, chosen by name with -benchtest.engine. A name
	// that is taken already is an error.
	Engines []engines.Engine
	// Providers are the user's own, by name. A name that benchtest has already
	// is an error.
	Providers map[string]func(providers.Options) (providers.Provider, error)
	// Rules are evaluated on every attempt beside the scenario's own.
	Rules []attempt.Rule
	// Templates holds template definitions, read before the embedded ones.
	// Nil means ./templates where that directory exists.
	Templates fs.FS

	// Secrets are texts that no log, report or database may show, such as
	// os.Getenv("API_KEY"). The values of the variables that -benchtest.engine-env
	// names are secret already. Those shorter than redact.Shortest cannot be
	// hidden; a warning names them.
	Secrets []string

	// Provider is used where neither a flag nor a build tag says which; empty
	// means local.
	Provider string
	// Engine is used where no flag says which; empty means oracle.
	Engine string
	// Timeout replaces every engine limit; zero leaves them alone.
	Timeout time.Duration
}
