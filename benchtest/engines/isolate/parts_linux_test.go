package isolate_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/engines/isolate"
)

// say tells whoever started this part.
func say(words ...any) { _, _ = fmt.Fprintln(os.Stdout, words...) }

// attach traces the process that args names.
func attach(args []string) error {
	pid, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	if err := syscall.PtraceAttach(pid); err != nil {
		return err
	}
	say("attached")
	var status syscall.WaitStatus
	_, err = syscall.Wait4(pid, &status, 0, nil)
	return errors.Join(err, syscall.PtraceDetach(pid))
}

// hog holds as many MiB as args says, in as many processes, until its standard
// input ends, and says so once all of them do.
func hog(args []string) error {
	mib, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	held := bytes.Repeat([]byte{1}, mib<<20)
	if n > 1 {
		next := exec.Command(os.Args[0], "-hog", args[0], strconv.Itoa(n-1)) //nolint:noctx // it ends with its input
		in, err := next.StdinPipe()
		if err != nil {
			return err
		}
		defer in.Close()
		out, err := next.StdoutPipe()
		if err != nil {
			return err
		}
		if err := next.Start(); err != nil {
			return err
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			return fmt.Errorf("of %d processes: %q: %w", n, line, err)
		}
	}
	say(n, "held", len(held)>>20)
	_, err = io.Copy(io.Discard, os.Stdin)
	runtime.KeepAlive(held)
	return err
}

// openMany opens as many files as args says.
func openMany(args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	files := make([]*os.File, 0, n)
	for range n {
		f, err := os.Open(os.DevNull)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	say("opened", len(files))
	return nil
}

// drive is a driver: it lets the shell script of args work in a cell.
func drive(args []string) error {
	dir, err := os.MkdirTemp("", "benchtest-drive-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	ctx := context.Background()
	cell, err := (&isolate.Warden{}).Open(ctx, isolate.Config{Binary: binary, Dir: dir})
	if err != nil {
		return err
	}
	say(cell.By())
	c := &engines.Command{Argv: []string{"/bin/bash", "-c", args[0]}}
	_, err = c.Work(ctx, engines.Work{Dir: dir, Cell: cell, Transcript: os.Stdout, Log: os.Stderr, Deadline: time.Now()})
	return errors.Join(err, cell.Close())
}
