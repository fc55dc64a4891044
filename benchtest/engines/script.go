package engines

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
)

// script is one shell file of the solution on its way through one host. While
// it runs it stands in a private directory of the guest, files/ beside it.
type script struct {
	work   Work
	runner providers.Runner
	file   string // in work.Solution
	dir    string // in the guest
	nonce  string
}

// Bounds of a trace and of the time after the script in which it is fetched.
const (
	maxTrace   = 4 << 20 // bytes
	afterLimit = 10 * time.Second
)

// scriptBases are where the directory may stand: /tmp, or memory where the
// fault is that /tmp cannot be written.
var scriptBases = []string{"/tmp", "/dev/shm"}

// run installs, runs and removes the script. A non-zero exit is a result. An
// error before it ran wraps ErrNotStarted.
func (s *script) run(ctx context.Context) (providers.Result, error) {
	content, err := fs.ReadFile(s.work.Solution, s.file)
	if err != nil {
		return providers.Result{}, fmt.Errorf("%w: read the fix: %w", ErrNotStarted, err)
	}
	s.nonce = strings.ToLower(rand.Text())
	// The end of ctx is no reason to leave the fix and its trace in the guest.
	after := context.WithoutCancel(ctx)
	for _, base := range scriptBases {
		s.dir = path.Join(base, "benchtest-"+s.nonce)
		err := s.install(ctx)
		if err == nil {
			break
		}
		s.remove(after)
		if base == scriptBases[len(scriptBases)-1] || ctx.Err() != nil {
			return providers.Result{}, fmt.Errorf("%w: %w", ErrNotStarted, err)
		}
	}
	defer s.remove(after)
	res, err := s.runner.Exec(ctx, providers.Command{
		Argv:   s.argv(content),
		Dir:    s.dir,
		Env:    []string{"BENCHTEST_HOST=" + s.runner.Host(), "BASH_ENV=" + s.path("trace.sh")},
		Stdout: s.work.Transcript,
		Stderr: s.work.Log,
	})
	s.observe(after)
	return res, err
}

func (s *script) path(name string) string { return path.Join(s.dir, name) }

// argv is bash, which can trace, unless the file names an interpreter that is
// no shell.
func (s *script) argv(content []byte) []string {
	first, _, _ := strings.Cut(string(content), "\n")
	if line, ok := strings.CutPrefix(first, "#!"); ok {
		words := strings.Fields(line)
		if len(words) > 1 && path.Base(words[0]) == "env" {
			words = words[1:]
		}
		if len(words) > 0 && !strings.HasSuffix(words[0], "sh") {
			return []string{s.path(s.file)}
		}
	}
	return []string{"bash", s.path(s.file)}
}

// install puts the script, what traces it, and files/ into the guest.
func (s *script) install(ctx context.Context) error {
	res, err := s.runner.Exec(ctx, providers.Command{Argv: []string{"mkdir", "-m", "0700", "--", s.dir}})
	if err != nil {
		return fmt.Errorf("create script directory: %w", err)
	}
	if res.ExitStatus != 0 {
		return fmt.Errorf("create script directory: %s", tail(string(res.Stderr)))
	}
	start := strings.NewReader(traceStart(s.path("trace"), s.nonce))
	if err := s.runner.Upload(ctx, start, s.path("trace.sh"), 0o600); err != nil {
		return err
	}
	if err := s.upload(ctx, s.file, 0o700); err != nil {
		return err
	}
	err = fs.WalkDir(s.work.Solution, "files", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return s.upload(ctx, name, info.Mode().Perm())
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the scenario has no files
	}
	return err
}

func (s *script) upload(ctx context.Context, name string, mode fs.FileMode) error {
	b, err := fs.ReadFile(s.work.Solution, name)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return s.runner.Upload(ctx, bytes.NewReader(b), s.path(name), mode)
}

// observe fetches the trace and reports each command in it. What is missing
// there was not seen, which the log tells.
func (s *script) observe(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, afterLimit)
	defer cancel()
	var trace bytes.Buffer
	if err := s.runner.Download(ctx, s.path("trace"), &trace, maxTrace); err != nil {
		s.log("fetch trace: %v", err)
	}
	if s.work.Observe == nil {
		return
	}
	for _, c := range parseTrace(trace.String(), s.nonce, s.runner.Host()) {
		s.work.Observe(c)
	}
}

func (s *script) remove(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, afterLimit)
	defer cancel()
	if _, err := s.runner.Exec(ctx, providers.Command{Argv: []string{"rm", "-rf", "--", s.dir}}); err != nil {
		s.log("remove script directory: %v", err)
	}
}

func (s *script) log(format string, args ...any) {
	_, _ = fmt.Fprintf(s.work.Log, "%s on %s: %s\n", s.file, s.runner.Host(), fmt.Sprintf(format, args...))
}
