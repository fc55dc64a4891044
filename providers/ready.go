package providers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// readyPoll is the pause between two looks at a guest that is booting.
const readyPoll = 50 * time.Millisecond

// lookLimit bounds one look: a guest that is going down may leave one hanging.
const lookLimit = 5 * time.Second

// readyScript prints the state of PID 1, then a line for each queued job. Its
// $0 names it to fakes.
const readyScript = `systemctl is-system-running; systemctl list-jobs --no-legend --no-pager --plain`

// WaitReady waits until the guest answers commands and its PID 1 says running
// or degraded with no job queued. The error says what it said last.
func (s *Sandbox) WaitReady(ctx context.Context) error {
	state := "no answer yet"
	for {
		// Nothing is printed to a terminal and nothing failed in the guest's eyes
		// when systemctl exits 1 for "starting": only the words count.
		r, err := s.Exec(ctx, Command{Argv: []string{"/bin/sh", "-c", readyScript, "benchtest-ready"}, Limit: s.o.paced(lookLimit)})
		switch {
		case err != nil && (ctx.Err() != nil || hopeless(err)):
			return fmt.Errorf("wait until %s is ready (%s): %w", s.host, state, err)
		case err != nil:
			state = err.Error()
		default:
			var ready bool
			if state, ready = readyState(r); ready {
				return nil
			}
		}
		if err := Pause(ctx, readyPoll); err != nil {
			return fmt.Errorf("wait until %s is ready (%s): %w", s.host, state, err)
		}
	}
}

// readyState reads what readyScript printed.
func readyState(r Result) (state string, ready bool) {
	first, rest, _ := strings.Cut(string(r.Stdout), "\n")
	jobs := 0
	for line := range strings.Lines(rest) {
		if line[0] >= '0' && line[0] <= '9' { // not "No jobs running."
			jobs++
		}
	}
	switch {
	case r.TimedOut:
		return "systemctl hangs", false
	case first == "":
		return fmt.Sprintf("systemctl says nothing, but %q", bytes.TrimSpace(r.Stderr)), false
	case jobs > 0:
		return fmt.Sprintf("system is %s, jobs queued: %d", first, jobs), false
	}
	return "system is " + first, first == "running" || first == "degraded"
}

// Pause waits for d and returns nil, or the cause of the end of ctx, if that comes first.
func Pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Reboot restarts the guest, from outside where the Machine is a Rebooter and
// by systemctl where it is not, and waits until a new boot answers commands.
// What ran over the old connection ends with ErrLost.
func (s *Sandbox) Reboot(ctx context.Context) error {
	before, err := s.BootID(ctx)
	if err != nil {
		return fmt.Errorf("reboot %s: %w", s.host, err)
	}
	if err := s.startReboot(ctx); err != nil {
		return fmt.Errorf("reboot %s: %w", s.host, err)
	}
	last := errors.New("the old boot still answers")
	for {
		after, err := s.BootID(ctx)
		switch {
		case err == nil && after != before:
			return nil
		case err != nil && hopeless(err):
			return fmt.Errorf("reboot %s: %w", s.host, err)
		case err != nil:
			last = err
		}
		if err := Pause(ctx, readyPoll); err != nil {
			return fmt.Errorf("wait for %s to reboot: %w (%w)", s.host, err, last)
		}
	}
}

func (s *Sandbox) startReboot(ctx context.Context) error {
	if r, ok := s.machine.(Rebooter); ok {
		err := r.Reboot(ctx)
		s.drop(errors.New("the machine was restarted"))
		return err
	}
	// The guest may go down before it has answered, or hang on the way.
	r, err := s.Exec(ctx, Command{Argv: []string{"systemctl", "reboot"}, Limit: s.o.paced(lookLimit)})
	switch {
	case err == nil && r.ExitStatus > 0:
		return fmt.Errorf("systemctl reboot: exit status %d: %q", r.ExitStatus, bytes.TrimSpace(r.Stderr))
	case err != nil && !errors.Is(err, ErrLost):
		return err
	}
	return nil
}

// bootFiles name a boot: the kernel's own ID, and for containers, which share
// the kernel, the moment PID 1 was started.
var bootFiles = [...]string{"/proc/sys/kernel/random/boot_id", "/proc/1/stat"}

// BootID names the guest's present boot; another boot has another one.
func (s *Sandbox) BootID(ctx context.Context) (string, error) {
	r, err := s.Exec(ctx, Command{Argv: append([]string{"/bin/cat"}, bootFiles[:]...), Limit: s.o.paced(lookLimit)})
	if err != nil {
		return "", fmt.Errorf("read boot id: %w", err)
	}
	id, stat, _ := strings.Cut(string(r.Stdout), "\n")
	_, after, _ := strings.Cut(stat[strings.LastIndexByte(stat, ')')+1:], " ")
	const startTime = 19 // field 22 of the file, of which two were cut off
	fields := strings.Fields(after)
	if r.ExitStatus != 0 || id == "" || len(fields) <= startTime {
		return "", fmt.Errorf("read boot id: exit status %d: %q", r.ExitStatus, bytes.TrimSpace(r.Stderr))
	}
	return id + ":" + fields[startTime], nil
}
