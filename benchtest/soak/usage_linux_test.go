package soak_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/fixtures"
)

// A usage is what the runs of some stages have of the machine at one moment,
// as their files and the kernel tell it.
type usage struct {
	MiB, VCPU, Attempts int // reserved by live leases
	GuestMiB, Guests    int // what cgroups of guests allow
	Homes               int // how many homes have an attempt
}

// most keeps the largest of each.
func (u usage) most(o usage) usage {
	return usage{
		max(u.MiB, o.MiB), max(u.VCPU, o.VCPU), max(u.Attempts, o.Attempts),
		max(u.GuestMiB, o.GuestMiB), max(u.Guests, o.Guests), max(u.Homes, o.Homes),
	}
}

func (u usage) String() string {
	return fmt.Sprintf("%d MiB and %d vCPU reserved by %d attempts; %d guests of %d MiB", u.MiB, u.VCPU, u.Attempts, u.Guests, u.GuestMiB)
}

// A sampler watches what stages use together.
type sampler struct {
	stages   []*stage
	meetings []*meeting
	stop     chan struct{}
	done     chan struct{}
	peak     usage // valid once done is closed, as is what follows
	samples  int
}

// watch starts one; it looks until peaks is called.
func watch(meetings []*meeting, stages ...*stage) *sampler {
	s := &sampler{stages: stages, meetings: meetings, stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		var before map[string]int
		for {
			select {
			case <-s.stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
			u, ok := s.reserved()
			if !ok {
				continue
			}
			guests := s.guests()
			// What two looks have in common was there between them, all at once.
			for id, mib := range guests {
				if was, found := before[id]; found {
					u.Guests++
					u.GuestMiB += min(was, mib)
				}
			}
			before = guests
			s.peak = s.peak.most(u)
			s.samples++
		}
	}()
	return s
}

// peaks ends the sampler and returns the largest it has seen.
func (s *sampler) peaks(t *testing.T) usage {
	t.Helper()
	close(s.stop)
	<-s.done
	t.Logf("at most, in %d samples: %s", s.samples, s.peak)
	return s.peak
}

// reserved sums up the live leases, while nobody can reserve more.
func (s *sampler) reserved() (u usage, ok bool) {
	for _, m := range s.meetings {
		release, ok := m.hold()
		if !ok {
			return usage{}, false
		}
		defer release()
	}
	for _, st := range s.stages {
		attempts := 0
		for _, l := range st.leases() {
			u.MiB += l.Reserved.MemoryMiB
			u.VCPU += l.Reserved.VCPU
			if l.Kind == fixtures.LeaseAttempt {
				attempts++
			}
		}
		u.Attempts += attempts
		u.Homes += min(attempts, 1)
	}
	return u, true
}

// guests are the machines of the stages' runs, with the MiB that each may use.
func (s *sampler) guests() map[string]int {
	found := map[string]int{}
	for _, st := range s.stages {
		for _, run := range names(st.runs()) {
			for pattern, limit := range map[string]string{"/sys/fs/cgroup/memory": "memory.limit_in_bytes", "/sys/fs/cgroup": "memory.max"} {
				for _, id := range names(filepath.Join(pattern, "benchtest", run)) {
					b, err := os.ReadFile(filepath.Join(pattern, "benchtest", run, id, "guest", limit))
					if n, perr := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && perr == nil && n>>20 < 1<<20 {
						found[id] = n >> 20
					}
				}
			}
		}
	}
	return found
}

// A lease as a file, whose owner lives.
type lease struct {
	ID       string
	Kind     fixtures.LeaseKind
	Run      string
	Attempt  string
	Reserved fixtures.Demand `json:"reservation"`
	Owner    fixtures.Owner
}

// leases are those of the home whose owner holds the lock.
func (s *stage) leases() []lease {
	dir := filepath.Join(s.home, "leases")
	var all []lease
	for _, name := range names(dir) {
		b, err := os.ReadFile(filepath.Join(dir, name))
		b = bytes.TrimSpace(b)
		b = b[bytes.LastIndexByte(b, '\n')+1:] // the last line counts
		var l lease
		if err == nil && json.Unmarshal(b, &l) == nil && isLocked(filepath.Join(dir, name)) {
			all = append(all, l)
		}
	}
	return all
}

// isLocked reports whether somebody has the lock of a file.
func isLocked(path string) bool {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(fd) }()
	return unix.Flock(fd, unix.LOCK_SH|unix.LOCK_NB) != nil
}
