//go:build linux

package join

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// stage is the first argument of the program's second life.
const stage = "--joined"

// namespaces are what is joined. Sysctls are read of the host name and IPC
// namespaces as well. The mount namespace comes last: after it the host's
// files are out of sight.
func namespaces() []namespace {
	return []namespace{
		{"net", unix.CLONE_NEWNET},
		{"uts", unix.CLONE_NEWUTS},
		{"ipc", unix.CLONE_NEWIPC},
		{"mnt", unix.CLONE_NEWNS},
	}
}

type namespace struct {
	name string
	flag int
}

// Exec starts the running executable again, inside the namespaces of process
// pid, with standard input, output and error as they are and nothing else of
// this process: every thread of the new one is inside. It needs root and
// returns only on error. Second recognises the new process.
func Exec(pid int) error {
	target, err := unix.Open(fmt.Sprintf("/proc/%d", pid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("join process %d: %w", pid, err)
	}
	// The host's procfs goes along: in the guest there is only the guest's own,
	// and whatever its root puts over it.
	proc, err := unix.Open("/proc", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open host's procfs: %w", err)
	}
	exe, err := unix.Open("/proc/self/exe", unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open own executable: %w", err)
	}
	// Namespaces belong to a thread; the one that enters them is the one that
	// execs. It is not used again, whatever happens.
	runtime.LockOSThread()
	if err := enter(target); err != nil {
		return fmt.Errorf("join process %d: %w", pid, err)
	}
	if _, err := unix.FcntlInt(uintptr(proc), unix.F_SETFD, 0); err != nil {
		return fmt.Errorf("hand over host's procfs: %w", err)
	}
	argv := []string{"benchtest-probe", stage, strconv.Itoa(pid), strconv.Itoa(proc)}
	return execFD(exe, argv, environment())
}

// environment is all that the second life knows. The runtime is told to look
// at no file of the guest's where it can be told: not for the time zone, nor
// for how many CPUs the guest's cgroups allow.
func environment() []string {
	return []string{"TZ=UTC", "GODEBUG=containermaxprocs=0,updatemaxprocs=0"}
}

// enter moves the calling thread into the namespaces of the process whose
// directory is target.
func enter(target int) error {
	fds := make([]int, len(namespaces()))
	for i, ns := range namespaces() {
		fd, err := unix.Openat(target, "ns/"+ns.name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("open %s namespace: %w", ns.name, err)
		}
		fds[i] = fd
	}
	// Threads share root and working directory, and the kernel refuses a mount
	// namespace to a thread that does.
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return fmt.Errorf("unshare working directory: %w", err)
	}
	for i, ns := range namespaces() {
		if err := unix.Setns(fds[i], ns.flag); err != nil {
			return fmt.Errorf("enter %s namespace: %w", ns.name, err)
		}
	}
	return nil
}

// execFD is fexecve(3).
func execFD(fd int, argv, env []string) error {
	args, err := syscall.SlicePtrFromStrings(argv)
	if err != nil {
		return err
	}
	vars, err := syscall.SlicePtrFromStrings(env)
	if err != nil {
		return err
	}
	empty := []byte{0}
	_, _, errno := unix.RawSyscall6(unix.SYS_EXECVEAT, uintptr(fd), uintptr(unsafe.Pointer(&empty[0])),
		uintptr(unsafe.Pointer(&args[0])), uintptr(unsafe.Pointer(&vars[0])), unix.AT_EMPTY_PATH, 0)
	return os.NewSyscallError("execveat", errno)
}

// Second reports whether the program runs in its second life, started by Exec,
// and with which process and which open procfs of the host. args are those of
// the program without its name. It also makes the process unreadable to
// others, which exec had undone.
func Second(args []string) (pid, proc int, second bool, err error) {
	if len(args) == 0 || args[0] != stage {
		return 0, 0, false, nil
	}
	if len(args) != 3 {
		return 0, 0, true, errors.New("join: want a process and a descriptor")
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return 0, 0, true, fmt.Errorf("forbid tracing: %w", err)
	}
	pid, perr := strconv.Atoi(args[1])
	proc, ferr := strconv.Atoi(args[2])
	if err := errors.Join(perr, ferr); err != nil {
		return 0, 0, true, fmt.Errorf("join: %w", err)
	}
	unix.CloseOnExec(proc)
	return pid, proc, true, nil
}
