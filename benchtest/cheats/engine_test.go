package cheats

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/providers"
)

// A work is what the engine does in one attempt.
type work func(ctx context.Context, w engines.Work, g *guest) error

// An engine is one Go func a scenario. Whatever it did, it claims success.
type engine struct {
	mu    sync.Mutex
	works map[string]work // by key
}

func (e *engine) set(key string, w work) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.works[key] = w
}

func (*engine) Name() string { return "cheat" }

func (e *engine) Work(ctx context.Context, w engines.Work) (rules.Job, error) {
	key, _, _ := strings.Cut(w.Attempt, "/i")
	e.mu.Lock()
	do := e.works[key]
	e.mu.Unlock()
	err := do(ctx, w, &guest{ssh: w.Sandboxes[w.Hosts[0]]})
	return rules.Job{Resolution: rules.Success, Messages: []string{"nginx is running and serves traffic"}}, err
}

// A guest is the broken machine as its root sees it.
type guest struct{ ssh providers.Runner }

// stepLimit bounds one step of a cheat.
const stepLimit = 40 * time.Second

// root runs a script as root and returns what it printed.
func (g *guest) root(ctx context.Context, script string) (string, error) {
	r, err := g.ssh.Exec(ctx, providers.Command{Argv: []string{"sudo", "bash", "-c", script}, Dir: "/", Limit: stepLimit})
	switch {
	case err != nil:
		return "", err
	case r.TimedOut:
		return "", errors.New("the script took too long")
	case r.ExitStatus != 0:
		return string(r.Stdout), fmt.Errorf("exit status %d %s: %s", r.ExitStatus, r.Signal, lastLines(string(r.Stderr)))
	}
	return string(r.Stdout), nil
}

func lastLines(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], " | ")
}

// put uploads a file that root and everybody else may run.
func (g *guest) put(ctx context.Context, name, text string) error {
	return g.ssh.Upload(ctx, strings.NewReader(text), name, 0o755)
}

// A question is a command and what its output must hold.
type question struct{ command, want string }

// naive is the verifier that one would write first: over SSH, as root, with
// the machine's own tools. Nil: it is satisfied.
func (g *guest) naive(ctx context.Context, questions []question) error {
	if questions == nil {
		questions = []question{
			{"systemctl is-active nginx", "\nactive"},
			{"curl -sS -m 5 http://127.0.0.1/", "Welcome"},
			{"cat /var/www/html/index.nginx-debian.html", "Welcome"},
		}
	}
	for _, ask := range questions {
		r, err := g.ssh.Exec(ctx, providers.Command{
			Argv: []string{"sudo", "su", "-", "root", "-c", ask.command}, Dir: "/", Limit: 8 * time.Second, MaxOutput: 64 << 10,
		})
		if err != nil {
			return err
		}
		if r.ExitStatus != 0 || !strings.Contains("\n"+string(r.Stdout), ask.want) {
			return fmt.Errorf("%s: exit status %d: %.80s %.80s", ask.command, r.ExitStatus, r.Stdout, r.Stderr)
		}
	}
	return nil
}
