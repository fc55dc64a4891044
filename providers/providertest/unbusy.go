package providertest

import (
	"fmt"
	"os"
	"syscall"
)

// unbusy makes a program that was uploaded to the machine one that can be
// started at once. This process wrote it, and whatever it forked meanwhile
// holds the descriptor it was written through until it has executed: until
// then starting the file ends with "text file busy" (golang.org/issue/22315).
// A copy made while nobody forks has no such holder.
func unbusy(program string) error {
	info, err := os.Stat(program)
	if err != nil {
		return fmt.Errorf("start program: %w", err)
	}
	text, err := os.ReadFile(program)
	if err != nil {
		return fmt.Errorf("start program: %w", err)
	}
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fresh := program + ".fresh"
	if err := os.WriteFile(fresh, text, info.Mode().Perm()); err != nil {
		return fmt.Errorf("start program: %w", err)
	}
	if err := os.Chmod(fresh, info.Mode()); err != nil {
		return fmt.Errorf("start program: %w", err)
	}
	if err := os.Rename(fresh, program); err != nil {
		return fmt.Errorf("start program: %w", err)
	}
	return nil
}
