// Package gauge_test is laid over a suite, into whose package it goes: at the
// start of each round, when nothing runs, it writes down what the process has.
package gauge_test

import (
	"bytes"
	"encoding/json"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
	"time"
)

// A soakGauge is what the process has at rest.
type soakGauge struct {
	Files, Goroutines, Threads int
	RSSKiB, HeapKiB            int
}

// TestSoakGauge is not parallel, and so done before the round's first attempt.
func TestSoakGauge(t *testing.T) {
	least := takeSoakGauge()
	// What the last round has ended may still be on its way out.
	for end := time.Now().Add(time.Second); time.Now().Before(end); <-time.After(50 * time.Millisecond) {
		g := takeSoakGauge()
		least.Files, least.Goroutines = min(least.Files, g.Files), min(least.Goroutines, g.Goroutines)
	}
	debug.FreeOSMemory()
	last := takeSoakGauge()
	least.Threads, least.RSSKiB, least.HeapKiB = last.Threads, last.RSSKiB, last.HeapKiB
	out, err := os.OpenFile(os.Getenv("SOAK_GAUGES"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := json.NewEncoder(out).Encode(least); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("SOAK_STACKS") != "" { // whose the goroutines are
		buf := make([]byte, 1<<20)
		_ = os.WriteFile(os.Getenv("SOAK_STACKS"), buf[:runtime.Stack(buf, true)], 0o644)
	}
}

func takeSoakGauge() soakGauge {
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	g := soakGauge{Goroutines: runtime.NumGoroutine(), HeapKiB: int(mem.HeapAlloc >> 10)}
	files, _ := os.ReadDir("/proc/self/fd")
	g.Files = len(files) - 1 // the directory's own
	threads, _ := os.ReadDir("/proc/self/task")
	g.Threads = len(threads)
	statm, _ := os.ReadFile("/proc/self/statm")
	if fields := bytes.Fields(statm); len(fields) > 1 {
		pages, _ := strconv.Atoi(string(fields[1]))
		g.RSSKiB = pages * os.Getpagesize() >> 10
	}
	return g
}
