package isolate

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// The exit statuses of PID 1 that are not the program's.
const (
	exitGaveUp = 75 // EX_TEMPFAIL: the program did not start
	exitAlone  = 70 // nobody is left to see it
)

// Main is PID 1 of a cell, if args, without the program's name, say that this
// process is one; the caller then exits with code. It comes before anything
// else in main, above all before flags are read.
func Main(args []string) (code int, handled bool) {
	if len(args) < 2 || args[0] != flag {
		return 0, false
	}
	if os.Getpid() != 1 {
		return exitGaveUp, true // somebody tried it by hand, on his own mounts
	}
	// What is inherited by the program is a thread's: capabilities, no_new_privs.
	runtime.LockOSThread()
	// The program gets its standard streams. Others may not be ours alone: what
	// started the driver may have left it some, and a directory among them
	// would be a way out.
	if err := unix.CloseRange(socketFD, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return exitGaveUp, true
	}
	socket := os.NewFile(socketFD, "driver")
	pid, err := begin(socket, args[1], args[2:])
	if err != nil {
		_, _ = fmt.Fprint(socket, err) // the status says it too
		return exitGaveUp, true
	}
	if pid == 0 {
		return 0, true
	}
	// The driver's end ends with the driver.
	go func() {
		_, _ = io.Copy(io.Discard, socket)
		os.Exit(exitAlone)
	}()
	return reapUntil(pid), true
}

// begin follows the orders and starts the program; pid is 0 where there is none.
func begin(socket io.Reader, path string, argv []string) (pid int, err error) {
	var o orders
	if err := json.NewDecoder(socket).Decode(&o); err != nil {
		return 0, fmt.Errorf("read orders: %w", err)
	}
	// Signals are for the program; whoever ends it, ends us.
	signal.Notify(make(chan os.Signal, 1))
	sys := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(o.UID), Gid: uint32(o.UID)}}
	if err := (cgroup{dirs: o.Cgroups}).join(sys); err != nil {
		return 0, err
	}
	if err := layOut(o); err != nil {
		return 0, fmt.Errorf("lay out file system: %w", err)
	}
	if err := unix.Sethostname([]byte("localhost")); err != nil {
		return 0, fmt.Errorf("set host name: %w", err)
	}
	if err := limit(o.Limits); err != nil {
		return 0, err
	}
	if err := renounce(); err != nil {
		return 0, err
	}
	if !o.Trial {
		pid, err = syscall.ForkExec(path, argv, &syscall.ProcAttr{
			Dir: o.Dir, Env: os.Environ(), Files: []uintptr{0, 1, 2}, Sys: sys,
		})
		if err != nil {
			return 0, fmt.Errorf("start %s as user %d: %w", path, o.UID, err)
		}
	}
	return pid, follow(o.UID)
}

// reapUntil reaps whatever ends until pid has, and returns its exit status,
// 128 and the signal's number where one ended it. The others end with us.
func reapUntil(pid int) int {
	for {
		var status syscall.WaitStatus
		ended, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return exitAlone
		case ended != pid:
		case status.Signaled():
			return 128 + int(status.Signal())
		default:
			return status.ExitStatus()
		}
	}
}
