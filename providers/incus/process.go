package incus

import (
	"bytes"
	"fmt"
	"os"
)

// A process is one for certain: a number alone is given anew.
type process struct {
	pid   int64
	began string // in the kernel's ticks since the boot
}

// seeProcess is the process that has the number now; nil: none that we see.
func seeProcess(pid int64) *process {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	// The name, in parentheses, may hold any byte.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 || bytes.ContainsAny(fields[0], "ZX") {
		return nil
	}
	return &process{pid: pid, began: string(fields[19])}
}

func (p process) lives() bool {
	now := seeProcess(p.pid)
	return now != nil && *now == p
}
