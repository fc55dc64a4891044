package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/host"
)

func doctorCommand() command {
	return command{
		name: "doctor", summary: "Say what is missing on this machine, and the command that installs it",
		flags: func(fs *flag.FlagSet) runFunc {
			asJSON := fs.Bool("json", false, "one JSON array, for other programs")
			return func(ctx context.Context, e *env, _ []string) error { return e.doctor(ctx, *asJSON) }
		},
	}
}

// A finding is one thing that doctor looked at.
type finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	// Warning: it works, and could be better.
	Warning bool   `json:"warning,omitempty"`
	Detail  string `json:"detail,omitempty"`
	Remedy  string `json:"remedy,omitempty"`
}

func (e *env) doctor(ctx context.Context, asJSON bool) error {
	findings := []finding{
		ask(ctx, "Go", "https://go.dev/doc/install", "go", "version"),
		ask(ctx, "OpenSSH client (engines, Ansible)", "apt-get install openssh-client", "ssh", "-V"),
		ask(ctx, "Ansible (scenarios with playbooks)", "apt-get install ansible-core", "ansible-playbook", "--version"),
	}
	for _, name := range registry().Names() {
		findings = append(findings, e.providerFindings(ctx, name)...)
	}
	findings = append(findings, imageFindings(runtime.GOOS)...)
	if runtime.GOOS != "linux" {
		findings = append(findings, finding{What: "provider local", Detail: "needs Linux", Remedy: "run on Linux, or use another provider"})
	}
	bad := 0
	for _, f := range findings {
		if !f.OK {
			bad++
		}
	}
	if err := e.printFindings(findings, asJSON); err != nil {
		return err
	}
	if bad > 0 {
		return errFindings
	}
	return nil
}

// ask asks a program for its version.
func ask(ctx context.Context, what, remedy string, argv ...string) finding {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := program(ctx, argv...).CombinedOutput()
	if err != nil {
		return finding{What: what, Detail: err.Error(), Remedy: remedy}
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return finding{What: what, OK: true, Detail: first}
}

// providerFindings splits what a provider lacks into one finding a line.
func (e *env) providerFindings(ctx context.Context, name string) []finding {
	p, err := e.provider(name)
	if err == nil {
		err = p.Check(ctx)
	}
	if err == nil {
		ready := finding{What: "provider " + name, OK: true, Detail: "ready"}
		return append([]finding{ready}, warnings(ctx, name, p)...)
	}
	unused := errors.Is(err, host.ErrNoInventory) // which is nothing amiss
	var list []finding
	for _, line := range leaves(err) {
		what, remedy, _ := strings.Cut(line.Error(), ": ")
		list = append(list, finding{What: "provider " + name, OK: unused, Warning: unused, Detail: what, Remedy: remedy})
	}
	return list
}

// warnings are what works with a provider and would work better otherwise.
func warnings(ctx context.Context, name string, p providers.Provider) []finding {
	w, ok := p.(providers.Warner)
	if !ok {
		return nil
	}
	lines, err := w.Warnings(ctx)
	if err != nil {
		lines = append(lines, err.Error())
	}
	var list []finding
	for _, line := range lines {
		what, remedy, _ := strings.Cut(line, ": ")
		list = append(list, finding{What: "provider " + name, OK: true, Warning: true, Detail: what, Remedy: remedy})
	}
	return list
}

// leaves are the errors that were joined into err.
func leaves(err error) []error {
	var list []error
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return []error{err}
	}
	for _, e := range joined.Unwrap() {
		list = append(list, leaves(e)...)
	}
	return list
}

func (e *env) printFindings(findings []finding, asJSON bool) error {
	if asJSON {
		return e.printJSON(findings)
	}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, f := range findings {
		mark := "ok"
		switch {
		case !f.OK:
			mark = "missing"
		case f.Warning:
			mark = "warning"
		}
		e.printf(t, "%s\t%s\t%s\n", mark, f.What, f.Detail)
		if f.Remedy != "" {
			e.printf(t, "\t\t→ %s\n", f.Remedy)
		}
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
