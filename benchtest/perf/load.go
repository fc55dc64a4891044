package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// warnOfLoad says when others are at work on this machine. Ratios bear that,
// since both sides of a pair do; milliseconds and seconds do not.
func warnOfLoad(w io.Writer) {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return // not on Linux
	}
	first, _, _ := strings.Cut(string(b), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err == nil && load > float64(runtime.NumCPU())/2 {
		_, _ = fmt.Fprintf(w, "perf: others are at work here (load %s on %d CPUs): bars in ms, s and %% may be short for that alone\n", first, runtime.NumCPU())
	}
}
