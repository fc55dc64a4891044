//go:build linux

package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A proc is one process of the machine.
type proc struct {
	pid   int // as the machine numbers it
	dir   string
	comm  string
	exe   string // as the machine sees it; empty for kernel threads
	args  []string
	uid   uint32 // effective, as the machine numbers it
	start uint64 // ticks since boot
	state string
	// traced: another process holds it in its hands, and may answer its system
	// calls as it likes.
	traced bool
	code   once[[]string] // brought since healthy; see newCode
}

// name is what the process is: its executable, which it cannot choose as
// freely as the name that it shows.
func (p *proc) name() string {
	if p.exe != "" {
		return path.Base(p.exe)
	}
	return p.comm
}

// dead reports whether only the process's entry is left.
func (p *proc) dead() bool { return p.state == "Z" || p.state == "X" }

// identity tells the process from a later one with the same number.
func (p *proc) identity() string { return fmt.Sprintf("%d@%d", p.pid, p.start) }

// listProcesses reads every process of the machine, oldest first.
func listProcesses(ctx context.Context, e *Env) ([]*proc, error) {
	names, err := e.Proc.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var all []*proc
	for _, name := range names {
		host, err := strconv.Atoi(name)
		if err != nil || (e.Guest != nil && !e.Guest.holds(host)) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("list processes: %w", err)
		}
		if p, ok := readProcess(ctx, e, name); ok {
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("list processes: there is none, not even the first")
	}
	slices.SortFunc(all, func(a, b *proc) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.pid, b.pid))
	})
	return all, nil
}

// readProcess reads one process; false when it ended meanwhile.
func readProcess(ctx context.Context, e *Env, dir string) (*proc, bool) {
	p := &proc{dir: dir}
	read := func(name string, limit int) string {
		b, err := e.Proc.ReadFile(ctx, dir+"/"+name, limit)
		if err != nil {
			return ""
		}
		return string(b)
	}
	if !p.parseStat(read("stat", 4096)) {
		return nil, false
	}
	status := read("status", 1<<16)
	uids := strings.Fields(statusField(status, "Uid"))
	if len(uids) < 2 {
		return nil, false
	}
	uid, err := strconv.ParseUint(uids[1], 10, 32)
	if err != nil {
		return nil, false
	}
	tracer := statusField(status, "TracerPid")
	p.traced = tracer != "" && tracer != "0"
	p.uid = e.UIDs.Inside(uint32(uid))
	if e.Guest != nil {
		var ok bool
		if p.pid, ok = e.Guest.number(status); !ok {
			return nil, false
		}
	}
	// A command line may be megabytes; nobody reads further than this.
	p.args = splitArgs(read("cmdline", 1<<21))
	if exe, err := e.Proc.Readlink(dir + "/exe"); err == nil {
		p.exe = strings.TrimSuffix(exe, " (deleted)")
	}
	return p, true
}

// parseStat reads /proc/PID/stat. The name stands in parentheses and may hold
// some of its own, so the last one counts.
func (p *proc) parseStat(stat string) bool {
	open, end := strings.IndexByte(stat, '('), strings.LastIndexByte(stat, ')')
	if open < 1 || end < open {
		return false
	}
	rest := strings.Fields(stat[end+1:])
	const startTime = 19 // field 22, and the first three are before rest[1]
	if len(rest) <= startTime {
		return false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(stat[:open]))
	if err != nil {
		return false
	}
	start, err := strconv.ParseUint(rest[startTime], 10, 64)
	if err != nil {
		return false
	}
	p.pid, p.comm, p.state, p.start = pid, stat[open+1:end], rest[0], start
	return true
}

func splitArgs(cmdline string) []string {
	cmdline = strings.TrimRight(cmdline, "\x00 ")
	if cmdline == "" {
		return nil
	}
	return strings.Split(cmdline, "\x00")
}
