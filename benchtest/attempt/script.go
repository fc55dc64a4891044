package attempt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/providers"
)

// A task is one of the scenario's own steps, run as root on its hosts.
type task struct {
	name  string
	step  scenario.Step
	limit time.Duration
}

// scriptResult is what one file did on one host; a playbook has one for all.
type scriptResult struct {
	file, host string
	exit       int
	output     string
}

// run runs a task on every host that it is about. A non-zero exit is a result.
func (t *try) run(ctx context.Context, k task) ([]scriptResult, error) {
	if k.step.Playbook != "" {
		r, err := t.play(ctx, k)
		return []scriptResult{r}, err
	}
	var mu sync.Mutex
	var results []scriptResult
	err := t.each(func(h *host) error {
		file := k.step.For(h.name)
		if file == "" {
			return nil
		}
		r, err := t.shell(ctx, h, file, k.limit)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		mu.Lock()
		defer mu.Unlock()
		results = append(results, r)
		return nil
	})
	return results, err
}

// scriptDir is where a script and its files stand in the guest while it runs:
// a tmpfs of root's. Nothing of them is left when an engine comes.
const scriptDir = "/run/benchtest-step"

// shell runs one file of the scenario on a host, with the scenario's files/
// beside it.
func (t *try) shell(ctx context.Context, h *host, file string, limit time.Duration) (scriptResult, error) {
	content, err := fs.ReadFile(t.sc.FS, file)
	if err != nil {
		return scriptResult{}, fmt.Errorf("read it: %w", err)
	}
	dir := fmt.Sprintf("%s-%s", scriptDir, strings.TrimSuffix(file, path.Ext(file)))
	defer t.remove(ctx, h, dir)
	if err := t.upload(ctx, h.root, dir, file); err != nil {
		return scriptResult{}, err
	}
	var log bytes.Buffer
	res, err := h.root.Exec(ctx, providers.Command{
		Argv: append(interpreter(content), dir+"/"+file), Dir: dir, Limit: limit,
		Env:    []string{"BENCHTEST_HOST=" + h.name},
		Stdout: &log, Stderr: &log,
	})
	if err != nil {
		return scriptResult{}, err
	}
	t.logf("%s on %s: exit status %d in %s\n%s", file, h.name, res.ExitStatus, res.Duration.Round(time.Millisecond), log.String())
	if res.TimedOut {
		return scriptResult{}, fmt.Errorf("not done after %s", limit)
	}
	return scriptResult{file: file, host: h.name, exit: res.ExitStatus, output: log.String()}, nil
}

// interpreter is what the kernel would run a script with. It is named here,
// since a Debian with a kernel of its own executes nothing from /run.
func interpreter(script []byte) []string {
	first, _, _ := bytes.Cut(script, []byte("\n"))
	line, found := strings.CutPrefix(string(first), "#!")
	if line = strings.TrimSpace(line); !found || line == "" {
		return []string{"/bin/sh"}
	}
	program, argument, _ := strings.Cut(line, " ")
	if argument = strings.TrimSpace(argument); argument == "" {
		return []string{program}
	}
	return []string{program, argument}
}

// upload copies one file of the scenario, and files/ beside it.
func (t *try) upload(ctx context.Context, r providers.Runner, dir, file string) error {
	copyOne := func(name string, mode fs.FileMode) error {
		b, err := fs.ReadFile(t.sc.FS, name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		return r.Upload(ctx, bytes.NewReader(b), dir+"/"+name, mode)
	}
	if err := copyOne(file, 0o700); err != nil {
		return err
	}
	err := fs.WalkDir(t.sc.FS, "files", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return copyOne(name, info.Mode().Perm())
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// remove deletes a script's directory in the guest.
func (t *try) remove(ctx context.Context, h *host, dir string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if _, err := h.root.Exec(ctx, providers.Command{Argv: []string{"rm", "-rf", dir}}); err != nil {
		t.logf("remove %s on %s: %v", dir, h.name, err)
	}
}

// stepName names a step's file for people.
func stepName(s scenario.Step, fallback string) string {
	switch {
	case s.Playbook != "":
		return s.Playbook
	case s.Shell != "":
		return s.Shell
	}
	return fallback + ".HOST.sh"
}

// lastLine is the last line of output that says something.
func lastLine(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return lines[len(lines)-1]
}
