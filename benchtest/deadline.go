package benchtest

import (
	"errors"
	"flag"
	"fmt"
	"time"
)

// Reserved of the suite's time: for tearing machines down, and for the test
// binary to print what happened.
const (
	graceShare   = 20 // a twentieth of the time, but at least
	minimumGrace = 10 * time.Second
)

// errTimeOver is why the suite's context ends at its deadline.
var errTimeOver = errors.New("the suite's time is over")

// takeDeadline notes when the -timeout of go test ends and switches its alarm
// off, since the alarm kills the binary with no cleanup at all. The go
// command itself still kills a minute after the limit. Zero: no deadline.
func takeDeadline(fs *flag.FlagSet, now time.Time) (time.Time, error) {
	f := fs.Lookup("test.timeout")
	if f == nil {
		return time.Time{}, nil
	}
	limit, err := time.ParseDuration(f.Value.String())
	if err != nil {
		return time.Time{}, fmt.Errorf("read -timeout: %w", err)
	}
	if limit <= 0 {
		return time.Time{}, nil
	}
	if err := f.Value.Set("0"); err != nil {
		return time.Time{}, fmt.Errorf("take over -timeout: %w", err)
	}
	grace := max(limit/graceShare, min(minimumGrace, limit/2))
	return now.Add(limit - grace), nil
}

// raiseParallel lets go test start as many tests as there are attempts, when
// the user said nothing: attempts wait in admission, where the budget rules,
// and not for a slot of -parallel.
func raiseParallel(fs *flag.FlagSet) {
	const plenty = "4096"
	given := false
	fs.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if f := fs.Lookup("test.parallel"); f != nil && !given {
		// The flag is an integer of package testing's; this value is one.
		_ = f.Value.Set(plenty)
	}
}
