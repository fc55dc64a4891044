//go:build linux

package collect

import (
	"context"
	"errors"
	"fmt"
	"slices"

	dbus "github.com/godbus/dbus/v5"
)

// unitStatus is one row of ListUnits: a(ssssssouso).
type unitStatus struct {
	Name, Description, Load, Active, Sub, Following string
	Path                                            dbus.ObjectPath
	JobID                                           uint32
	JobType                                         string
	JobPath                                         dbus.ObjectPath
}

// calendarEntry is one entry of TimersCalendar: a(sst).
type calendarEntry struct {
	Base, Spec string
	Next       uint64
}

// monotonicEntry is one entry of TimersMonotonic: a(stt).
type monotonicEntry struct {
	Base         string
	Offset, Next uint64
}

// timers lists the active timers, as "NAME: OnCalendar=SPEC Unit=UNIT".
func (s *session) timers(ctx context.Context) ([]string, error) {
	d, err := s.connectSystemd(ctx)
	if err != nil {
		return nil, err
	}
	units, err := d.listUnits(ctx, "*.timer")
	if err != nil {
		return nil, err
	}
	var entries []string
	for _, u := range units {
		if u.Active != "active" {
			continue
		}
		more, err := d.timer(ctx, u)
		if err != nil {
			return nil, fmt.Errorf("ask systemd about %s: %w", u.Name, err)
		}
		entries = append(entries, more...)
	}
	slices.Sort(entries)
	return entries, nil
}

func (d *systemd) timer(ctx context.Context, u unitStatus) ([]string, error) {
	replies, err := d.ask(ctx, []busCall{
		property(u.Path, timerIface, "Unit"),
		property(u.Path, timerIface, "TimersCalendar"),
		property(u.Path, timerIface, "TimersMonotonic"),
	})
	if err != nil {
		return nil, err
	}
	var target string
	var specs []calendarEntry
	var offsets []monotonicEntry
	if err := errors.Join(replies[0].store(&target), replies[1].store(&specs), replies[2].store(&offsets)); err != nil {
		return nil, err
	}
	var entries []string
	for _, c := range specs {
		entries = append(entries, fmt.Sprintf("%s: %s=%s Unit=%s", u.Name, c.Base, c.Spec, target))
	}
	for _, m := range offsets {
		entries = append(entries, fmt.Sprintf("%s: %s=%ds Unit=%s", u.Name, monotonicName(m.Base), m.Offset/1e6, target))
	}
	return entries, nil
}

// monotonicName is the setting's name: D-Bus says OnBootUSec, unit files OnBootSec.
func monotonicName(base string) string {
	if n := len(base) - len("USec"); n > 0 && base[n:] == "USec" {
		return base[:n] + "Sec"
	}
	return base
}

// listUnits lists the units that are loaded and match pattern.
func (d *systemd) listUnits(ctx context.Context, pattern string) ([]unitStatus, error) {
	var units []unitStatus
	if err := d.manager(ctx, &units, "ListUnitsByPatterns", []string{}, []string{pattern}); err != nil {
		return nil, fmt.Errorf("list units: %w", err)
	}
	return units, nil
}
