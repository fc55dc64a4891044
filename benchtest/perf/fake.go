package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const modulePath = "github.com/benchtest-dev/benchtest"

// A fakeSuite is a user's module with nothing but scenarios in it, all of them
// on the fake provider, and the test binary that runs them.
type fakeSuite struct {
	dir    string
	home   string // BENCHTEST_HOME
	binary string
}

// openFakeSuite makes a suite of n scenarios. The caller removes it.
func openFakeSuite(ctx context.Context, n int) (s *fakeSuite, err error) {
	dir, err := os.MkdirTemp("/var/tmp", "benchtest-perf-") // on a disk, where a home is
	if err != nil {
		return nil, err
	}
	s = &fakeSuite{dir: filepath.Join(dir, "module"), home: filepath.Join(dir, "home"), binary: filepath.Join(dir, "suite.test")}
	if err := s.fill(ctx, n); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	return s, nil
}

func (s *fakeSuite) remove() error { return os.RemoveAll(filepath.Dir(s.dir)) }

func (s *fakeSuite) fill(ctx context.Context, n int) error {
	if err := errors.Join(os.Mkdir(s.dir, 0o755), os.Mkdir(s.home, 0o755)); err != nil {
		return err
	}
	if err := s.module(ctx); err != nil {
		return err
	}
	files := map[string]string{"templates/plain/template.yaml": "suite: bookworm\npackages: [systemd]\nvcpu: 1\nmemory_mib: 16\n"}
	for i := range n {
		files[fmt.Sprintf("fake/%03d-idle/scenario.yaml", i)] = fmt.Sprintf(`
title: Scenario %d
ticket_title: Is something wrong?
ticket_body: Please look.
expect: no_action
hosts: [{host_name: web1, template: plain}]
timeouts: {engine: 1m, hold: 5s}
state:
  - {label: the file is there, file: /ok, expect: {exists: true}}
`, i)
	}
	for name, text := range files {
		path := filepath.Join(s.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// module makes the directory a module that requires ours, since the suite
// builds its probe in it, and builds the test binary.
func (s *fakeSuite) module(ctx context.Context) error {
	out, err := goCommand(ctx, ".", "list", "-m", "-f", "{{.Dir}}", modulePath)
	if err != nil {
		return err
	}
	root := strings.TrimSpace(out)
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	text := strings.Replace(string(mod), "module "+modulePath, "module example.com/perf", 1) +
		"\nrequire " + modulePath + " v0.0.0\nreplace " + modulePath + " => " + root + "\n"
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		return err
	}
	if err := errors.Join(os.WriteFile(filepath.Join(s.dir, "go.mod"), []byte(text), 0o644), os.WriteFile(filepath.Join(s.dir, "go.sum"), sum, 0o644)); err != nil {
		return err
	}
	_, err = goCommand(ctx, root, "test", "-c", "-o", s.binary, "./benchtest/perf/suite")
	return err
}

// goCommand runs the go command and returns what it prints.
func goCommand(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := group(ctx, "go", args...)
	cmd.Dir = dir
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w: %s%s", args[0], err, out, errOut.Bytes())
	}
	return string(out), nil
}

// group is a command in a process group of its own, all of which is killed
// when ctx ends.
func group(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	return cmd
}

// A suiteRun is what one run of a suite took.
type suiteRun struct {
	took   time.Duration // of the test, without the start of its process
	wall   time.Duration // of the whole process
	memory int64         // most resident bytes
	cpu    time.Duration // of the whole process, and of those that it waited for
}

// tookLine is what the suite's clock prints.
var tookLine = regexp.MustCompile(`(?m)^    main_test.go:\d+: took (\S+) with (\d+) bytes$`)

// fakeLimit bounds one run.
const fakeLimit = 10 * time.Minute

// run runs one test of the suite; the engine works that long on each ticket.
func (s *fakeSuite) run(ctx context.Context, test string, work time.Duration, flags ...string) (suiteRun, error) {
	ctx, cancel := context.WithTimeout(ctx, fakeLimit)
	defer cancel()
	args := append([]string{"-test.run", "^" + test + "$", "-test.v", "-benchtest.concurrency-factor=100"}, flags...)
	cmd := group(ctx, s.binary, args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "BENCHTEST_HOME="+s.home, "BENCHTEST_PERF_WORK="+work.String())
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	begin := time.Now()
	err := cmd.Run()
	wall := time.Since(begin)
	line := tookLine.FindSubmatch(out.Bytes())
	if err != nil || line == nil {
		return suiteRun{}, fmt.Errorf("run the suite: %w: %s", err, tail(out.Bytes()))
	}
	took, err := time.ParseDuration(string(line[1]))
	if err != nil {
		return suiteRun{}, err
	}
	memory, err := strconv.ParseInt(string(line[2]), 10, 64)
	return suiteRun{took: took, wall: wall, memory: memory, cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}, err
}

// tail is the end of a long output.
func tail(b []byte) []byte { return b[max(0, len(b)-2000):] }
