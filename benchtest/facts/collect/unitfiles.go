//go:build linux

package collect

import (
	"path"
	"slices"
	"strings"
)

// enablement is where systemd keeps what starts at boot.
const enablement = "/etc/systemd/system"

// unitDirs are where unit files are, the first of a name hiding the others
// (systemd.unit(5)).
func unitDirs() []string {
	return []string{
		enablement, "/run/systemd/system", "/run/systemd/generator",
		"/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system",
	}
}

// wantedUnits are the units that some unit pulls in by a link that stays over
// a boot, and those that have another name by one.
func (s *session) wantedUnits() (map[string]bool, error) {
	return s.wanted.get(func() (map[string]bool, error) {
		wanted := map[string]bool{}
		entries, err := s.env.Root.ReadDir(enablement)
		if notThere(err) {
			return wanted, nil
		}
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			at := enablement + "/" + entry
			if !strings.HasSuffix(entry, ".wants") && !strings.HasSuffix(entry, ".requires") {
				if target, err := s.env.Root.Readlink(at); err == nil {
					wanted[path.Base(target)] = true
				}
				continue
			}
			names, err := s.env.Root.ReadDir(at)
			if err != nil && !notThere(err) {
				return nil, err
			}
			for _, name := range names {
				wanted[name] = true
			}
		}
		return wanted, nil
	})
}

// startsAtBoot reports whether files say so too, of a unit whose state systemd
// calls files.
func (s *session) startsAtBoot(name, files string) bool {
	switch files {
	case "generated": // anew at each boot, from something else
		return true
	case "enabled", "alias":
		wanted, err := s.wantedUnits()
		return err == nil && wanted[name]
	}
	return false // a link below /run is gone after a boot
}

// maskedByFile reports whether the unit's file is a link to /dev/null.
func (s *session) maskedByFile(name string) bool {
	return slices.ContainsFunc(unitDirs()[:2], func(dir string) bool {
		target, err := s.env.Root.Readlink(dir + "/" + name)
		return err == nil && target == "/dev/null"
	})
}

// unitFileStates maps the services that have a file to what systemctl
// list-unit-files says of them, as far as links show it. Asking systemd takes
// it a fifth of a second; the links are all that it would look at.
func (s *session) unitFileStates() (map[string]string, error) {
	wanted, err := s.wantedUnits()
	if err != nil {
		return nil, err
	}
	states := map[string]string{}
	for _, dir := range unitDirs() {
		names, err := s.env.Root.ReadDir(dir)
		if notThere(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			// Template units are no units yet.
			if _, known := states[name]; known || !strings.HasSuffix(name, ".service") || strings.Contains(name, "@.") {
				continue
			}
			switch {
			case s.maskedByFile(name):
				states[name] = "masked"
			case dir == "/run/systemd/generator":
				states[name] = "generated"
			case wanted[name]:
				states[name] = "enabled"
			default:
				states[name] = "disabled"
			}
		}
	}
	return states, nil
}
