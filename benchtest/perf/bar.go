package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
)

// A bar is one promise about speed.
type bar struct {
	name  string
	bound float64
	unit  string // of value and bound; empty: a ratio
	// atLeast: the value must reach the bound; otherwise it may not exceed it.
	atLeast bool
	measure func(ctx context.Context) (reading, error)
}

// A reading is what one bar's measurement gave.
type reading struct {
	value  float64
	n      int    // measurements of each side
	spread string // how far apart they lay
	detail string // what stands behind value, control included
}

// A skip says what a bar needs that is not here, and how to get it.
type skip struct{ remedy string }

func (s skip) Error() string { return "skipped: " + s.remedy }

// line is the bar's line, and whether the bar does not fail the run.
func (b bar) line(r reading, err error, required bool) (line string, ok bool) {
	if s, skipped := errors.AsType[skip](err); skipped {
		if required {
			return fmt.Sprintf("%s SHORT skipped: %s", b.name, s.remedy), false
		}
		return fmt.Sprintf("%s skipped: %s", b.name, s.remedy), true
	}
	if err != nil {
		return fmt.Sprintf("%s bound=%s%s SHORT %v", b.name, number(b.bound), b.unit, err), false
	}
	ok = r.value <= b.bound
	if b.atLeast {
		ok = r.value >= b.bound
	}
	verdict := "ok"
	if !ok {
		verdict = "SHORT"
	}
	return fmt.Sprintf("%s value=%s%s bound=%s%s %s (n=%d, spread=%s, %s)",
		b.name, number(r.value), b.unit, number(b.bound), b.unit, verdict, r.n, r.spread, r.detail), ok
}

// number shows at most four significant digits.
func number(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

// profiled measures, under a CPU profile when dir is given.
func (b bar) profiled(ctx context.Context, dir string) (reading, error) {
	if dir == "" {
		return b.measure(ctx)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return reading{}, fmt.Errorf("profile: %w", err)
	}
	f, err := os.Create(filepath.Join(dir, b.name+".pprof"))
	if err != nil {
		return reading{}, fmt.Errorf("profile: %w", err)
	}
	defer f.Close()
	if err := pprof.StartCPUProfile(f); err != nil {
		return reading{}, fmt.Errorf("profile: %w", err)
	}
	defer pprof.StopCPUProfile()
	return b.measure(ctx)
}
