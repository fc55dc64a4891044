package host

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
)

// A candidate is a host that would do for a spec.
type candidate struct {
	entry Entry
	keys  []string
}

// candidates are the hosts that would do for c: the one with its host_id, else
// the one with its host_name, else those that list its template.
func (d *desk) candidates(ctx context.Context, c providers.CloneSpec) ([]candidate, error) {
	entries, err := d.provider.load()
	if err != nil {
		return nil, err
	}
	chosen, err := choose(entries, c)
	if err != nil {
		return nil, err
	}
	network := cmp.Or(c.Network, providers.NetworkNone)
	var fit []candidate
	var errs []error
	for _, e := range chosen {
		if e.Network != network {
			errs = append(errs, fmt.Errorf("host %s (%s) has network: %s, and the scenario wants %s, which nobody can enforce on a host: say network: %s in one of the two", e.Name, e.at, e.Network, network, network))
			continue
		}
		keys, err := d.of(ctx, e)
		if err != nil {
			errs = append(errs, fmt.Errorf("find the address of host %s: %w", e.Name, err))
			continue
		}
		fit = append(fit, candidate{e, keys})
	}
	if len(fit) == 0 {
		return nil, errors.Join(errs...)
	}
	return fit, nil
}

func choose(entries []Entry, c providers.CloneSpec) ([]Entry, error) {
	if c.HostID != "" {
		i := slices.IndexFunc(entries, func(e Entry) bool { return e.ID == c.HostID })
		if i < 0 {
			return nil, fmt.Errorf("no host of the inventory has the host_id %q", c.HostID)
		}
		return entries[i : i+1], nil
	}
	if i := slices.IndexFunc(entries, func(e Entry) bool { return e.Name == c.HostName }); i >= 0 {
		e := entries[i]
		if len(e.Templates) > 0 && c.Template.Name != "" && !slices.Contains(e.Templates, c.Template.Name) {
			return nil, fmt.Errorf("host %s (%s) lists the templates %s, and the scenario's %s wants %s: add it if the host has what that template has",
				e.Name, e.at, strings.Join(e.Templates, ", "), c.HostName, c.Template.Name)
		}
		return entries[i : i+1], nil
	}
	var fit []Entry
	for _, e := range entries {
		if c.Template.Name != "" && slices.Contains(e.Templates, c.Template.Name) {
			fit = append(fit, e)
		}
	}
	if len(fit) == 0 {
		return nil, fmt.Errorf("no host of the inventory is called %q or lists the template %q", c.HostName, c.Template.Name)
	}
	return fit, nil
}

// assign gives every need a host of its own, or is nil: a matching, grown need
// by need along alternating paths.
func assign(needs [][]candidate, free func(candidate) bool) []candidate {
	taken := map[string]int{} // host → need
	chosen := make([]candidate, len(needs))
	for i := range needs {
		seen := map[string]bool{}
		var place func(int) bool
		place = func(need int) bool {
			for _, o := range needs[need] {
				name := o.entry.Name
				if seen[name] || !free(o) {
					continue
				}
				seen[name] = true
				if other, used := taken[name]; !used || place(other) {
					taken[name], chosen[need] = need, o
					return true
				}
			}
			return false
		}
		if !place(i) {
			return nil
		}
	}
	return chosen
}

func entryNames(options []candidate) string {
	var names []string
	for _, o := range options {
		names = append(names, o.entry.Name)
	}
	return strings.Join(names, ", ")
}

// addresses remembers what names resolve to.
type addresses struct {
	known sync.Map // address:port → []string
}

// of is what an entry's address is, whatever it is called: one key an address.
func (a *addresses) of(ctx context.Context, e Entry) ([]string, error) {
	if keys, ok := a.known.Load(e.hostPort()); ok {
		return keys.([]string), nil //nolint:forcetypeassert // nothing else is stored
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", e.Address)
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, ip := range ips {
		keys = append(keys, fileName(net.JoinHostPort(ip.Unmap().String(), strconv.Itoa(e.Port))))
	}
	slices.Sort(keys) // all processes lock in one order
	keys = slices.Compact(keys)
	a.known.Store(e.hostPort(), keys)
	return keys, nil
}

// fileName makes a file's name of an address and port: legible, and no two alike.
func fileName(hostPort string) string {
	sum := sha256.Sum256([]byte(hostPort))
	plain := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r == '.' {
			return r
		}
		return '-'
	}, hostPort)
	return strings.Trim(plain[:min(len(plain), 60)], "-.") + "-" + hex.EncodeToString(sum[:4])
}

func (d *desk) lockPath(key string) string { return filepath.Join(d.dir, key+".lock") }

// usable looks at what the disk says of a host whose lock we have. One that
// somebody keeps is in use; who merely died has it no more; and what the dead
// left unmended only their own scenario mends.
func (p *Provider) usable(c *claim, spec providers.CloneSpec) error {
	records, err := p.records()
	if err != nil {
		return err
	}
	for _, r := range records {
		if !slices.ContainsFunc(r.Addresses, func(k string) bool { return slices.Contains(c.keys, k) }) {
			continue
		}
		if r.Kept {
			return fmt.Errorf("host %s is in use as %s, which was kept: give it back with benchtest sandbox purge --all, restore or delete", c.entry.Name, r.ID)
		}
		if err := removeFile(p.recordPath(r.ID)); err != nil {
			return err
		}
	}
	for _, k := range c.keys {
		var s stain
		switch err := readFile(p.stainPath(k), &s); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case s.Scenario != scenarioOf(spec.Attempt):
			return fmt.Errorf("host %s was left unmended by %s, since %s: run that scenario on it again, which restores it first, or mend it by hand and remove %s",
				c.entry.Name, s.Attempt, s.At.Format(time.DateTime), p.stainPath(k))
		}
	}
	return nil
}
