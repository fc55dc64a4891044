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

// A gauge is one measurement and the bars that it decides.
type gauge struct {
	name string
	bars []bar
	// measure gives a reading a bar, in their order.
	measure func(ctx context.Context) ([]reading, error)
}

// A bar is one promise about speed.
type bar struct {
	suffix string // of the gauge's name, where it has several bars
	bound  float64
	unit   string // of value and bound; empty: a ratio
	// atLeast: the value must reach the bound; otherwise it may not exceed it.
	atLeast bool
}

// A reading is what was measured for one bar.
type reading struct {
	value  float64
	n      int    // measurements of each side
	spread string // how far apart they lay
	detail string // what stands behind value, control included
}

// A skip says what a measurement needs that is not here, and how to get it.
type skip struct{ remedy string }

func (s skip) Error() string { return "skipped: " + s.remedy }

// lines is a line a bar, and whether none of them is short.
func (g gauge) lines(readings []reading, err error, required bool) (lines []string, ok bool) {
	if err == nil && len(readings) != len(g.bars) {
		err = fmt.Errorf("%d readings for %d bars", len(readings), len(g.bars))
	}
	s, skipped := errors.AsType[skip](err)
	ok = true
	for i, b := range g.bars {
		name := g.name + b.suffix
		switch {
		case skipped && !required:
			lines = append(lines, fmt.Sprintf("%s skipped: %s", name, s.remedy))
		case err != nil:
			ok = false
			lines = append(lines, fmt.Sprintf("%s bound=%s%s SHORT %v", name, number(b.bound), b.unit, err))
		default:
			r := readings[i]
			verdict := "ok"
			if !b.cleared(r.value) {
				ok, verdict = false, "SHORT"
			}
			lines = append(lines, fmt.Sprintf("%s value=%s%s bound=%s%s %s (n=%d, spread=%s, %s)",
				name, number(r.value), b.unit, number(b.bound), b.unit, verdict, r.n, r.spread, r.detail))
		}
	}
	return lines, ok
}

func (b bar) cleared(value float64) bool {
	if b.atLeast {
		return value >= b.bound
	}
	return value <= b.bound
}

// number shows at most four significant digits.
func number(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

// profiled measures, under a CPU profile when dir is given.
func (g gauge) profiled(ctx context.Context, dir string) ([]reading, error) {
	if dir == "" {
		return g.measure(ctx)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	f, err := os.Create(filepath.Join(dir, g.name+".pprof"))
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	defer f.Close()
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	defer pprof.StopCPUProfile()
	return g.measure(ctx)
}
