package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
	"github.com/benchtest-dev/benchtest/providers"
)

// modelKeys are the variables that agents take their API keys from.
var modelKeys = []string{
	"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "GEMINI_API_KEY",
	"GOOGLE_API_KEY", "MISTRAL_API_KEY", "GROQ_API_KEY", "DEEPSEEK_API_KEY", "XAI_API_KEY", "OPENROUTER_API_KEY", "GITHUB_TOKEN",
}

func sandboxShell() command {
	return command{
		name: "sandbox shell", args: "NAME [-- AGENT...]", dashes: true,
		summary: "Run an agent, or a shell, in a sandbox that is made where it is missing and started where it is off; API keys go along in its environment and are stored nowhere",
		flags: func(fs *flag.FlagSet) runFunc {
			f, user := &createFlags{}, userFlag(fs)
			f.declare(fs)
			dir := fs.String("workdir", "", "the guest's `directory` to work in; by default the current one where it is mounted, else the home")
			var names list
			fs.Var(&names, "env", "the `names` of more variables of yours that go along, comma-separated")
			bare := fs.Bool("no-keys", false, "no API keys go along, but for --env")
			return func(ctx context.Context, e *env, args []string) error {
				if err := checkUser(*user); err != nil {
					return err
				}
				before, agent := split(args)
				if len(before) != 1 {
					return usagef("want one sandbox's name, and an agent after --")
				}
				f.name = before[0]
				if !*bare {
					names = append(names, modelKeys...)
				}
				return e.shell(ctx, f, *user, *dir, names, agent)
			}
		},
	}
}

func (e *env) shell(ctx context.Context, f *createFlags, user, dir string, names, agent []string) error {
	preamble, err := e.preamble(names)
	if err != nil {
		return err
	}
	k, err := e.keeper()
	if err != nil {
		return err
	}
	defer k.Store.Close()
	r, err := e.atHand(ctx, k, f)
	if err != nil {
		return err
	}
	if dir == "" {
		dir = mountedDir(r.Mounts)
	}
	words := append([]string{"exec", "/bin/sh", "-c", shellScript, "benchtest-shell", dir}, agent...)
	for i := range words[1:] {
		words[i+1] = providers.ShellWord(words[i+1])
	}
	_, terminal := e.terminal()
	return e.enter(ctx, k, r, user, session{line: strings.Join(words, " "), tty: terminal, preamble: preamble})
}

// shellScript reads lines NAME=value, the value as printf's %b has it, until
// an empty one: what is secret is on no command line and in no file. Then it
// becomes the agent, with the PATH that a login has.
const shellScript = `while IFS= read -r l && [ -n "$l" ]; do export "${l%%=*}=$(printf %b "${l#*=}")"; done
[ ! -t 0 ] || stty echo icanon
[ -z "$1" ] || cd -- "$1" || exit 126
shift
[ $# -gt 0 ] || exec "${SHELL:-/bin/sh}" -l
exec /bin/sh -lc 'exec "$@"' benchtest-shell "$@"
`

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// preamble is what shellScript reads: the variables of ours that are set.
func (e *env) preamble(names []string) ([]byte, error) {
	var b strings.Builder
	for _, name := range names {
		if !variableName.MatchString(name) {
			return nil, usagef("--env %s: want the name of a variable; its value is taken from your environment", name)
		}
		value, ok := e.lookup(name)
		if !ok {
			continue
		}
		b.WriteString(name + "=")
		for _, c := range []byte(value) {
			_, _ = fmt.Fprintf(&b, `\0%03o`, c)
		}
		b.WriteByte('\n')
	}
	return []byte(b.String() + "\n"), nil
}

// atHand is the sandbox that is asked for: made where it is missing, started
// where it is off.
func (e *env) atHand(ctx context.Context, k *sandboxes.Keeper, f *createFlags) (sandboxes.Record, error) {
	r, err := k.Store.Find(f.name)
	if errors.Is(err, sandboxes.ErrUnknown) {
		h, err := e.create(ctx, k, f)
		if err != nil {
			return r, err
		}
		return h.Record, h.HandOver()
	}
	if err != nil {
		return r, unknown(err)
	}
	p, err := k.Open(r.Provider)
	if err != nil {
		return r, err
	}
	state, err := stateOf(ctx, p, r.ID)
	if err != nil || state != "stopped" && state != "broken" {
		return r, err
	}
	e.printf(e.stderr, "starting %s\n", r.Name)
	h, err := k.Take(ctx, r)
	if err != nil {
		return r, err
	}
	defer h.Yield()
	return r, startHeld(ctx, k, h)
}

// mountedDir is where the guest sees our working directory; empty: nowhere.
func mountedDir(mounts []providers.Mount) string {
	wd, err := os.Getwd()
	if err != nil {
		return ""
	}
	for _, m := range mounts {
		rel, err := filepath.Rel(m.Host, wd)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		if m.Guest == "" {
			return wd
		}
		return path.Join(m.Guest, filepath.ToSlash(rel))
	}
	return ""
}
