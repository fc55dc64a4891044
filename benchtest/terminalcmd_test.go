package benchtest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/benchtest-dev/benchtest/reports/progress/screentest"
)

// terminal runs a command on a terminal of 100 columns and 30 rows, as a person
// would. When that shows the pattern it types the keys (or sends a signal: TERM),
// unless they are -. What the terminal shows when the command has ended becomes
// the file, and every byte of it FILE.raw; nothing may be left below the cursor, and no sequence be written that
// a terminal does not forget by itself.
func terminal(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 4 {
		ts.Fatalf("usage: [!] terminal PATTERN KEYS FILE COMMAND...")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience) // go test builds first
	defer cancel()
	shows := func(tty *screentest.Terminal) bool {
		return regexp.MustCompile("(?m)" + args[0]).MatchString(tty.Text())
	}
	tty := screentest.New(100, 30)
	cmd := exec.CommandContext(ctx, lookPath(ts, args[3]), args[4:]...)
	cmd.Dir, cmd.Env = ts.MkAbs("."), environment(ts)
	ours, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 30, Cols: 100})
	ts.Check(err)
	defer ours.Close()
	var raw bytes.Buffer
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		_, _ = io.Copy(io.MultiWriter(tty, &raw), ours) // it ends with an error when nobody has the terminal open any more
	}()
	for end := time.Now().Add(2 * patience); !shows(tty); <-time.After(10 * time.Millisecond) {
		if time.Now().After(end) {
			_ = cmd.Process.Kill() // what it shows is the failure
			ts.Fatalf("after %s the terminal does not show %q but\n%s", 2*patience, args[0], tty.Text())
		}
	}
	if strings.HasPrefix(args[1], "^") {
		_, err = io.WriteString(ours, string(args[1][1]-'@'))
	} else if args[1] == "TERM" {
		err = cmd.Process.Signal(syscall.SIGTERM)
	}
	ts.Check(err)
	err = cmd.Wait()
	<-copied
	ts.Logf("%s", tty.Text())
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) || (err != nil) != neg {
		ts.Fatalf("%v: %v", args[3:], err)
	}
	if left, odd := tty.Below(), tty.Unknown(); left > 0 || len(odd) > 0 {
		ts.Fatalf("%d lines are left below the cursor, and %q was written", left, odd)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(tty.Text()+"\n"), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs(args[2])+".raw", raw.Bytes(), 0o644))
}

// environment is the script's.
func environment(ts *testscript.TestScript) []string {
	ts.Check(ts.Exec("env"))
	return strings.Split(strings.TrimSpace(ts.ReadFile("stdout")), "\n")
}

// lookPath finds a command as the script does, on its own PATH.
func lookPath(ts *testscript.TestScript, name string) string {
	for dir := range strings.SplitSeq(ts.Getenv("PATH"), string(os.PathListSeparator)) {
		path := fmt.Sprintf("%s/%s", dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	ts.Fatalf("no %s", name)
	return ""
}
