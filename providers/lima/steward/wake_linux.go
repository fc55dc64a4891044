package main

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// wake brings a guest that goes on from a saved state into the present: random
// numbers that no other copy has, and the clock. It starts no program, which
// costs an emulated guest a tenth of a second.
func wake(request string) error {
	now, seed, err := parseWake(request)
	if err != nil {
		return err
	}
	t, err := unix.TimeToTimespec(now)
	if err != nil {
		return err
	}
	random, err := os.OpenFile("/dev/urandom", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer random.Close()
	if _, err := random.WriteString(seed); err != nil {
		return err
	}
	// RNDRESEEDCRNG: what was mixed in counts at once.
	_ = unix.IoctlSetInt(int(random.Fd()), unix.RNDRESEEDCRNG, 0)
	return unix.ClockSettime(unix.CLOCK_REALTIME, &t)
}

// parseWake reads "SECONDS NANOSECONDS SEED".
func parseWake(request string) (now time.Time, seed string, err error) {
	words := strings.Fields(request)
	if len(words) != 3 {
		return now, "", errors.New("want SECONDS NANOSECONDS SEED")
	}
	sec, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil {
		return now, "", err
	}
	nsec, err := strconv.ParseInt(words[1], 10, 64)
	return time.Unix(sec, nsec), words[2], err
}
