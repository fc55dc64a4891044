package host

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// A value is a variable of an Ansible inventory, with its place.
type value struct {
	texts     []string
	line, col int
}

// A group is one of an Ansible inventory. Every group but all has a parent.
type group struct {
	vars     map[string]value
	children []string
	hosts    []string
	line     int
}

// groups are an Ansible inventory that has been read and not yet resolved.
type groups struct {
	*reader
	group map[string]*group
	vars  map[string]map[string]value // of hosts
	place map[string][2]int           // where a host came first
	order []string                    // of hosts
}

func newGroups(r *reader) *groups {
	g := &groups{reader: r, group: map[string]*group{}, vars: map[string]map[string]value{}, place: map[string][2]int{}}
	g.named("all", 1)
	return g
}

// named is the group called name, made where need be.
func (g *groups) named(name string, line int) *group {
	if g.group[name] == nil {
		g.group[name] = &group{vars: map[string]value{}, line: line}
	}
	return g.group[name]
}

// host notes that a group has a host, with what is said of it there.
func (g *groups) host(in *group, name string, vars map[string]value, line, col int) {
	if strings.ContainsAny(name, "[]") {
		g.errorf(line, col, "host range %.80q: ranges are not read: write every host by itself", name)
		return
	}
	if g.vars[name] == nil {
		g.vars[name] = map[string]value{}
		g.place[name] = [2]int{line, col}
		g.order = append(g.order, name)
	}
	maps.Copy(g.vars[name], vars)
	in.hosts = append(in.hosts, name)
}

// ansible reads Ansible's YAML: groups of hosts, vars and children.
func (r *reader) ansible(top map[string]*yaml.Node) {
	g := newGroups(r)
	if n := top["plugin"]; n != nil {
		r.errorf(n.Line, n.Column, "a plugin's inventory is not read: write what it says to a file with ansible-inventory --list --yaml")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(top)) {
		g.yamlGroup(name, top[name], 0)
	}
	g.resolve()
}

// maxDepth bounds groups within groups.
const maxDepth = 50

func (g *groups) yamlGroup(name string, n *yaml.Node, depth int) {
	if depth > maxDepth {
		g.errorf(n.Line, n.Column, "groups stand in each other more than %d deep", maxDepth)
		return
	}
	if !validName.MatchString(name) {
		g.errorf(n.Line, n.Column, "group %.80q: want %s", name, validName)
		return
	}
	in := g.named(name, n.Line)
	fields := g.mapping(n, "group "+name)
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		v := fields[key]
		switch key {
		case "hosts":
			hosts := g.mapping(v, "hosts of group "+name)
			for _, host := range slices.Sorted(maps.Keys(hosts)) {
				g.host(in, host, g.yamlVars(hosts[host]), hosts[host].Line, hosts[host].Column)
			}
		case "vars":
			maps.Copy(in.vars, g.yamlVars(v))
		case "children":
			children := g.mapping(v, "children of group "+name)
			for _, child := range slices.Sorted(maps.Keys(children)) {
				in.children = append(in.children, child)
				g.yamlGroup(child, children[child], depth+1)
			}
		default:
			g.errorf(v.Line, v.Column, "unknown field %.80q of group %s: want hosts, vars or children (our own format has a list of hosts)", key, name)
		}
	}
}

// yamlVars are variables; those that are not ours to read may have any shape.
func (g *groups) yamlVars(n *yaml.Node) map[string]value {
	vars := map[string]value{}
	for name, v := range g.mapping(n, "variables") {
		if ours(name) {
			vars[name] = value{g.texts(v), v.Line, v.Column}
		}
	}
	return vars
}

// resolve makes entries of hosts: a group's variables hold for its hosts and
// those of its children, and the nearer word wins.
func (g *groups) resolve() {
	depth := g.depths()
	if depth == nil {
		return
	}
	members := map[string][]string{} // host → groups that hold it, near or far
	for name := range g.group {
		g.walk(name, func(in *group) {
			for _, h := range in.hosts {
				members[h] = append(members[h], name)
			}
		})
	}
	for _, host := range g.order {
		in := append(slices.Compact(slices.Sorted(slices.Values(members[host]))), "all")
		slices.SortStableFunc(in, func(a, b string) int { return cmp.Or(cmp.Compare(depth[a], depth[b]), cmp.Compare(a, b)) })
		vars := map[string]value{}
		for _, name := range in {
			maps.Copy(vars, g.group[name].vars)
		}
		maps.Copy(vars, g.vars[host])
		g.entry(host, vars)
	}
}

// walk visits a group and what is below it, each once.
func (g *groups) walk(name string, visit func(*group)) {
	seen := map[string]bool{}
	var down func(string)
	down = func(name string) {
		if seen[name] || g.group[name] == nil {
			return
		}
		seen[name] = true
		visit(g.group[name])
		for _, c := range g.group[name].children {
			down(c)
		}
	}
	down(name)
}

// depths are how far below all each group stands; nil after an error.
func (g *groups) depths() map[string]int {
	depth := map[string]int{"all": 0}
	for name := range g.group {
		if name != "all" {
			depth[name] = 1
		}
	}
	for range len(g.group) + 1 {
		again := false
		for _, name := range slices.Sorted(maps.Keys(g.group)) {
			for _, child := range g.group[name].children {
				if depth[child] <= depth[name] {
					depth[child], again = depth[name]+1, true
				}
			}
		}
		if !again {
			return depth
		}
	}
	g.errorf(1, 1, "a group is its own child")
	return nil
}
