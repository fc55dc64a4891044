package providers

import (
	"context"
	"io"
	"os"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// Access is how a Sandbox proves itself to its machine and the machine to it.
type Access struct {
	User string // whose the commands are: "root", "agent", or a name of the machine's own
	// Login is whom the SSH server lets in; empty means User. Where it is
	// somebody else, everything becomes User's by sudo, without a password.
	Login   string
	Key     ssh.Signer    // our key
	HostKey ssh.PublicKey // the guest's, pinned
}

// A Command is one program to run in a sandbox.
type Command struct {
	Argv []string // no shell; Argv[0] is looked up in a fixed PATH
	// Stdin may be nil.
	Stdin io.Reader
	// Env is added to a fixed, minimal environment ("NAME=value").
	Env []string
	Dir string // empty: the user's home
	// Limit kills the command's whole process group; zero means no limit but ctx.
	Limit time.Duration
	// MaxOutput bounds stdout and stderr each, in bytes; zero means 1 MiB.
	MaxOutput int
	// Stdout and Stderr, where set, get the output as it comes (also bounded)
	// beside what Result holds.
	Stdout, Stderr io.Writer
}

// A Result is what became of a Command. A non-zero exit is a Result, not an
// error.
type Result struct {
	ExitStatus      int    // -1 when a signal or the limit ended it
	Signal          string // "KILL", "TERM", ...
	Stdout, Stderr  []byte
	StdoutTruncated bool
	StderrTruncated bool
	TimedOut        bool // the limit ended it
	Duration        time.Duration
}

// A Runner runs commands on one host. *Sandbox is the one that does.
type Runner interface {
	Host() string
	Exec(ctx context.Context, c Command) (Result, error)
	Upload(ctx context.Context, src io.Reader, path string, mode os.FileMode) error
	Download(ctx context.Context, path string, dst io.Writer, maxBytes int64) error
	Facts(ctx context.Context, req facts.Request) (facts.Answer, error)
}
