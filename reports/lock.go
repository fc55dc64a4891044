package reports

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// ErrRunning says that a process makes the run at this moment.
var ErrRunning = errors.New("the run goes on")

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
