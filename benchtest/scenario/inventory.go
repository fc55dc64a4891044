package scenario

import (
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// readInventory sets Groups from the inventory file, if there is one. Nothing
// else of it is used: how hosts are reached is the provider's affair.
func (s *Scenario) readInventory() Problems {
	var found []string
	for _, name := range []string{"inventory.ini", "inventory.yml", "inventory.yaml"} {
		if slices.Contains(s.files, name) {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		return nil
	}
	r := &report{file: path.Join(s.Dir, found[0])}
	if len(found) > 1 {
		r.errorf(place{1, 1}, "%s is here too: drop one of them", strings.Join(found[1:], " and "))
		return r.list
	}
	data, ok := read(s.FS, found[0], r)
	if !ok {
		return r.list
	}
	inv := inventory{}
	if path.Ext(found[0]) == ".ini" {
		inv.readINI(data)
	} else if tree, ok := parseTree(data, r); ok {
		inv.readYAML(tree)
	}
	s.Groups = map[string][]string{}
	for group := range inv {
		if hosts := inv.hosts(group, s); len(hosts) > 0 {
			s.Groups[group] = hosts
		}
	}
	return r.list
}

// An inventory is an Ansible inventory's groups: what each names itself.
type inventory map[string]struct{ hosts, children []string }

func (inv inventory) add(group, host, child string) {
	g := inv[group]
	if host != "" {
		g.hosts = append(g.hosts, host)
	}
	if child != "" {
		g.children = append(g.children, child)
	}
	inv[group] = g
}

// hosts are those of s in the group or one of its children, sorted.
func (inv inventory) hosts(group string, s *Scenario) []string {
	seen := map[string]bool{}
	todo := []string{group}
	var hosts []string
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		hosts = append(hosts, inv[name].hosts...)
		todo = append(todo, inv[name].children...)
	}
	hosts = slices.DeleteFunc(hosts, func(h string) bool { return !s.host(h) })
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// readINI reads `[group]` and `[group:children]`; variables mean nothing here,
// and host ranges name no host of a scenario.
func (inv inventory) readINI(data []byte) {
	group, kind := "ungrouped", ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		fields := strings.Fields(line)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[':
			group, kind, _ = strings.Cut(strings.Trim(line, "[]"), ":")
			inv.add(group, "", "")
		case kind == "":
			inv.add(group, fields[0], "")
		case kind == "children":
			inv.add(group, "", fields[0])
		}
	}
}

// readYAML reads groups of hosts and children, as deep as they are nested.
func (inv inventory) readYAML(groups *yaml.Node) {
	if groups.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(groups.Content); i += 2 {
		name, group := groups.Content[i].Value, groups.Content[i+1]
		inv.add(name, "", "")
		if hosts := field(group, "hosts"); hosts != nil && hosts.Kind == yaml.MappingNode {
			for j := 0; j < len(hosts.Content); j += 2 {
				inv.add(name, hosts.Content[j].Value, "")
			}
		}
		if children := field(group, "children"); children != nil && children.Kind == yaml.MappingNode {
			for j := 0; j < len(children.Content); j += 2 {
				inv.add(name, "", children.Content[j].Value)
			}
			inv.readYAML(children)
		}
	}
}
