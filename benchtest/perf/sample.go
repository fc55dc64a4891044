package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A sample is a number of measurements of one thing.
type sample []time.Duration

// quantile is the smallest measurement that a share q of all does not exceed.
func (s sample) quantile(q float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func (s sample) median() time.Duration { return s.quantile(0.5) }

// String is the median with the quartiles.
func (s sample) String() string {
	return fmt.Sprintf("%s [%s %s]", show(s.median()), show(s.quantile(0.25)), show(s.quantile(0.75)))
}

// show is d in milliseconds.
func show(d time.Duration) string { return fmt.Sprintf("%.4gms", d.Seconds()*1e3) }

// A timed func measures one thing once. It returns what counts, which may be
// less than the time that it took.
type timed func(ctx context.Context) (time.Duration, error)

// pairs measures two things by turns, each first in every second round,
// so that whatever the machine does meanwhile befalls both alike.
func pairs(ctx context.Context, n int, a, b timed) (as, bs sample, err error) {
	measure := func(what timed, to *sample) error {
		d, err := what(ctx)
		*to = append(*to, d)
		return err
	}
	for i := range n {
		first, second, to1, to2 := a, b, &as, &bs
		if i%2 == 1 {
			first, second, to1, to2 = b, a, &bs, &as
		}
		if err := measure(first, to1); err != nil {
			return nil, nil, err
		}
		if err := measure(second, to2); err != nil {
			return nil, nil, err
		}
	}
	return as, bs, nil
}

// ratio compares two samples of pairs: the ratio of the medians, and the
// quartiles of the ratios of the pairs.
func ratio(ours, control sample) (value float64, spread string) {
	each := make([]float64, len(ours))
	for i := range ours {
		each[i] = ours[i].Seconds() / control[i].Seconds()
	}
	slices.Sort(each)
	n := len(each)
	return ours.median().Seconds() / control.median().Seconds(), fmt.Sprintf("%.3g..%.3g", each[n/4], each[min(n-1, 3*n/4)])
}

// compared is the reading of a bar that bounds a ratio.
func compared(ours, control sample, what, against string) []reading {
	value, spread := ratio(ours, control)
	return []reading{{value: value, n: len(ours), spread: spread, detail: fmt.Sprintf("%s %s, %s %s", what, ours, against, control)}}
}

// The same for numbers that are no durations.
func lowest(v []float64) float64  { return slices.Min(v) }
func highest(v []float64) float64 { return slices.Max(v) }
func middle(v []float64) float64  { return slices.Sorted(slices.Values(v))[len(v)/2] }

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

// center is the mean without the lowest and the highest, of three or more.
func center(v []float64) float64 {
	sorted := slices.Sorted(slices.Values(v))
	return mean(sorted[1 : len(sorted)-1])
}
