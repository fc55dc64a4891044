package bastion

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
)

// A command is one record in the making: what a session runs.
type command struct {
	ledger         *ledger
	seq            int
	stdout, stderr pump
	terminal       *terminal // nil: not recorded
	typed          *typed    // nil: the input is no commands
	failure        atomic.Pointer[string]
	ended          atomic.Bool // exit-status or exit-signal has come
	once           sync.Once
}

// begin records that a client of host wants r. On error nothing may run.
func (b *Bastion) begin(host string, r *ssh.Request, tty bool, s size) (*command, error) {
	rec, err := b.recordOf(host, r)
	if err != nil {
		return nil, err
	}
	c := &command{ledger: &b.ledger}
	shell := rec.Kind == Shell || rec.Kind == Exec && readsCommands(rec.Argv)
	if shell {
		c.typed = &typed{}
	}
	if shell || tty {
		if err := b.recordTerminal(c, &rec, s); err != nil {
			return nil, err
		}
	}
	c.seq, err = b.ledger.start(rec)
	if err != nil && c.terminal != nil {
		c.terminal.close()
	}
	return c, err
}

// recordOf is what r asks for.
func (b *Bastion) recordOf(host string, r *ssh.Request) (Record, error) {
	var arg struct{ Value string }
	rec := Record{Host: host, Kind: Kind(r.Type)}
	if rec.Kind == Shell {
		rec.Argv = []string{"shell"}
		return rec, nil
	}
	if err := ssh.Unmarshal(r.Payload, &arg); err != nil {
		return Record{}, err
	}
	rec.Command = arg.Value
	if rec.Kind == Exec {
		rec.Command, rec.Argv = asked(arg.Value)
		return rec, nil
	}
	if arg.Value != "sftp" {
		return Record{}, fmt.Errorf("subsystem %q: only sftp", arg.Value)
	}
	rec.Argv = []string{"sftp"}
	return rec, nil
}

// asked is what a client asked for with line. A Sandbox of this process wraps
// its commands; a changed environment is part of what was asked.
func asked(line string) (command string, argv []string) {
	l, ok := providers.ParseLaunch(line)
	if !ok {
		return line, argvOf(line)
	}
	argv = l.Argv
	if len(l.Env) > 0 {
		argv = slices.Concat([]string{"env"}, l.Env, l.Argv)
	}
	return strings.Join(argv, " "), argv
}

// recordTerminal opens the file for c's stream.
func (b *Bastion) recordTerminal(c *command, rec *Record, s size) error {
	name := fmt.Sprintf("%06d-%s.cast", b.streams.Add(1), rec.Host)
	file, err := b.terminals.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("record terminal: %w", err)
	}
	rec.Terminal = filepath.Join(b.terminals.Name(), name)
	if c.terminal, err = newTerminal(file, *rec, s, b.limits.Terminal, &b.terminalLeft); err != nil {
		_ = file.Close()
		return err
	}
	c.stdout.see = func(p []byte) { c.terminal.write("o", p) }
	c.stderr.see = c.stdout.see
	return nil
}

func (c *command) seeInput(p []byte) {
	if c.terminal != nil {
		c.terminal.write("i", p)
	}
	if c.typed != nil {
		c.typed.write(p)
	}
}

func (c *command) resize(s size) {
	if c.terminal != nil {
		c.terminal.resize(s)
	}
}

// ending takes a request of the guest. It says whether the client should have
// it: the first one that tells how the command ended, once that is recorded.
func (c *command) ending(r *ssh.Request) bool {
	switch r.Type {
	case "eow@openssh.com":
		return true
	case "exit-status":
		var exit struct{ Status uint32 }
		if ssh.Unmarshal(r.Payload, &exit) != nil || !c.ended.CompareAndSwap(false, true) {
			return false
		}
		c.ledger.note(c.seq, func(rec *Record) { rec.ExitStatus = new(int(exit.Status)) })
		return true
	case "exit-signal":
		var exit struct {
			Signal     string
			CoreDumped bool
			Error      string
			Lang       string
		}
		if ssh.Unmarshal(r.Payload, &exit) != nil || !c.ended.CompareAndSwap(false, true) {
			return false
		}
		c.ledger.note(c.seq, func(rec *Record) { rec.Signal = signalName(exit.Signal) })
		return true
	}
	return false
}

// signalName bounds what a guest may call a signal.
func signalName(s string) string {
	clean := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
	return clean[:min(16, len(clean))]
}

// finish completes the record, once.
func (c *command) finish(stdin int64) {
	c.once.Do(func() {
		truncated := c.terminal != nil && c.terminal.close()
		var lines []string
		if c.typed != nil {
			var cut bool
			lines, cut = c.typed.all()
			truncated = truncated || cut
		}
		c.ledger.end(c.seq, func(r *Record) {
			r.Stdin, r.Stdout, r.Stderr = stdin, c.stdout.bytes.Load(), c.stderr.bytes.Load()
			r.Typed, r.Truncated = lines, truncated
			switch why := c.failure.Load(); {
			case why != nil:
				r.Error = *why
			case !c.ended.Load():
				r.Error = "the session ended before the command did"
			}
		})
	})
}

// readsCommands says whether argv is a shell that takes its commands from
// standard input.
func readsCommands(argv []string) bool {
	shells := []string{"sh", "bash", "dash", "ash", "zsh", "ksh", "fish"}
	root := false // after sudo, -i and -s mean a shell
	for i, word := range argv {
		name := filepath.Base(word)
		switch {
		case name == "sudo" || name == "doas":
			root = true
		case name == "exec" || name == "env" || name == "nohup" || isAssignment(word):
		case root && (word == "-i" || word == "-s" || word == "--login" || word == "--shell"):
			return i == len(argv)-1
		case name == "su":
			return !slices.Contains(argv[i:], "-c")
		case slices.Contains(shells, name):
			return !slices.ContainsFunc(argv[i+1:], func(a string) bool {
				return a == "-c" || !strings.HasPrefix(a, "-")
			}) || slices.Contains(argv[i+1:], "-s")
		case root && strings.HasPrefix(word, "-"), root && i > 0 && argv[i-1] == "-u":
		default:
			return false
		}
	}
	return false
}
