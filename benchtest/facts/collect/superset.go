//go:build linux

package collect

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// An inventory finds every subject of one noun.
type inventory func(ctx context.Context, s *session) (map[string]finding, error)

// superset is the whole machine as far as it can be listed. A noun whose list
// could not be had is not complete, and its facts are left out.
func (s *session) superset(ctx context.Context) (all []facts.Fact, complete []string) {
	inventories := map[string]inventory{
		facts.NounService: allServices,
		facts.NounProcess: allProcesses,
		facts.NounPort:    allPorts,
		facts.NounPackage: allPackages,
		facts.NounMount:   allMounts,
		facts.NounUser:    allUsers,
		facts.NounGroup:   allGroups,
	}
	for _, noun := range slices.Sorted(maps.Keys(inventories)) {
		found, err := s.list(ctx, inventories[noun])
		if err != nil {
			all = append(all, facts.Fact{Query: facts.Query{Noun: noun, Subject: "*"}, Grade: s.env.Grade, Error: err.Error()})
			continue
		}
		complete = append(complete, noun)
		for _, subject := range slices.Sorted(maps.Keys(found)) {
			fact := facts.Fact{Query: facts.Query{Noun: noun, Subject: subject}, Grade: s.env.Grade}
			s.fill(&fact, found[subject], nil)
			all = append(all, fact)
		}
	}
	return all, complete
}

// list takes one inventory within the limit of a query.
func (s *session) list(ctx context.Context, take inventory) (found map[string]finding, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.limit())
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("inventory panicked: %v", p)
		}
	}()
	return take(ctx, s)
}

func allServices(ctx context.Context, s *session) (map[string]finding, error) {
	d, err := s.connectSystemd(ctx)
	if err != nil {
		return nil, err
	}
	files, err := s.unitFileStates()
	if err != nil {
		return nil, err
	}
	loaded, err := d.listUnits(ctx, "*.service")
	if err != nil {
		return nil, err
	}
	units, err := d.knownUnits(ctx, loaded, files)
	if err != nil {
		return nil, err
	}
	found := make(map[string]finding, len(units))
	for _, u := range units {
		if found[facts.CanonicalSubject(facts.NounService, u.name)], err = s.describeUnit(ctx, u); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// knownUnits joins what is loaded and what has a file. Only units that do or
// did something are asked about one by one: of the others the lists say everything.
func (d *systemd) knownUnits(ctx context.Context, loaded []unitStatus, states map[string]string) ([]unit, error) {
	var busy []string
	var idle []unit
	for _, u := range loaded {
		switch {
		case u.Active != "inactive":
			busy = append(busy, u.Name)
		case u.Load != "not-found":
			idle = append(idle, unit{name: u.Name, load: u.Load, active: u.Active, sub: u.Sub, files: states[u.Name], witness: d.witness})
		}
		delete(states, u.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(states)) {
		idle = append(idle, unit{name: name, load: "not loaded", active: "inactive", files: states[name], witness: d.witness})
	}
	units, err := d.units(ctx, busy...)
	return append(units, idle...), err
}

// allProcesses lists each process under the name it shows and under that of
// its executable, since rules may ask for either.
func allProcesses(ctx context.Context, s *session) (map[string]finding, error) {
	all, err := s.listProcesses(ctx)
	if err != nil {
		return nil, err
	}
	names, err := s.readAccounts(ctx)
	if err != nil {
		return nil, err
	}
	groups := map[string][]*proc{}
	for _, p := range all {
		for _, name := range distinct([]string{p.comm, p.name()}) {
			if !p.dead() {
				groups[name] = append(groups[name], p)
			}
		}
	}
	found := make(map[string]finding, len(groups))
	for name, some := range groups {
		found[name] = s.describeProcesses(ctx, some, names)
	}
	return found, nil
}

// allPorts lists each port under both spellings that find it.
func allPorts(ctx context.Context, s *session) (map[string]finding, error) {
	all, err := s.listSockets(ctx)
	if err != nil {
		return nil, err
	}
	holders, err := s.socketHolders(ctx)
	if err != nil {
		return nil, err
	}
	groups := map[string][]socket{}
	for _, sock := range all {
		subjects := []string{fmt.Sprintf("%s:%d", sock.proto, sock.addr.Port())}
		if both, ok := strings.CutSuffix(sock.proto, "6"); ok {
			subjects = append(subjects, fmt.Sprintf("%s:%d", both, sock.addr.Port()))
		}
		for _, subject := range subjects {
			groups[subject] = append(groups[subject], sock)
		}
	}
	found := make(map[string]finding, len(groups))
	for subject, some := range groups {
		found[subject] = s.describePort(ctx, some, holders)
	}
	return found, nil
}

func allPackages(ctx context.Context, s *session) (map[string]finding, error) {
	all, err := s.readPackages(ctx)
	if err != nil {
		return nil, err
	}
	found := make(map[string]finding, len(all))
	for name, versions := range all {
		found[name] = describePackage(versions)
	}
	return found, nil
}

func allMounts(ctx context.Context, s *session) (map[string]finding, error) {
	all, err := s.listMounts(ctx)
	if err != nil {
		return nil, err
	}
	found := make(map[string]finding, len(all))
	for _, m := range all {
		found[m.point] = s.describeMount(m)
	}
	return found, nil
}

func allUsers(ctx context.Context, s *session) (map[string]finding, error) {
	names, err := s.readAccounts(ctx)
	if err != nil {
		return nil, err
	}
	found := map[string]finding{}
	for _, u := range names.users {
		if _, first := found[u.name]; !first {
			found[u.name] = describeUser(names, u)
		}
	}
	return found, nil
}

func allGroups(ctx context.Context, s *session) (map[string]finding, error) {
	names, err := s.readAccounts(ctx)
	if err != nil {
		return nil, err
	}
	found := map[string]finding{}
	for _, g := range names.groups {
		if _, first := found[g.name]; !first {
			found[g.name] = finding{attrs: map[string]any{"exists": true, "gid": g.gid}}
		}
	}
	return found, nil
}
