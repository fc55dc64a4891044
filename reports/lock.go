package reports

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrRunning says that a process makes the run at this moment.
var ErrRunning = errors.New("the run goes on")

// LockRun keeps everybody from going on with the run in dir until the file is
// closed. While its process lives that is ErrRunning.
func LockRun(dir string) (*os.File, error) {
	f, err := os.Open(filepath.Join(dir, EventsFile))
	if err != nil {
		return nil, fmt.Errorf("lock run: %w", err)
	}
	if err := lock(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// lock makes f, a run's log, its process's own until it is closed or the process
// dies. Readers do not ask for it.
func lock(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrRunning
	}
	if err != nil {
		return fmt.Errorf("lock event log: %w", err)
	}
	return nil
}
