package scenario

import (
	"regexp"
	"slices"

	"gopkg.in/yaml.v3"
)

// What a scenario without hosts gets.
const (
	DefaultHostName = "target"
	DefaultTemplate = "debian-base"
)

// hostPattern is what can be a machine's name, an entry of an Ansible
// inventory and a Host of an OpenSSH configuration alike.
var hostPattern = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$`)

// hosts reads the machines. 2501 has them optional: none is one machine called
// DefaultHostName, of DefaultTemplate.
func (d *decoder) hosts(top object) {
	entries := top.list("hosts")
	for _, n := range entries {
		o := newObject(d.r, n, "a host", "host_id", "host_name", "template")
		h := Host{HostName: o.str("host_name"), HostID: o.str("host_id"), Template: o.str("template")}
		if h.HostName == "" {
			h.HostName = h.HostID
		}
		named := o.place("host_name")
		switch {
		case len(o.fields) == 0 && (n.Kind != yaml.MappingNode || len(n.Content) > 0): // reported
		case h.HostName == "":
			d.r.errorf(named, "a host needs a host_name (or a host_id of the inventory)")
		case !hostPattern.MatchString(h.HostName):
			d.r.errorf(named, "host_name %q cannot be a machine's name: use letters, digits, dots and dashes", h.HostName)
		case h.HostName == "localhost":
			d.r.errorf(named, "host_name cannot be localhost: every machine calls itself that")
		case d.s.host(h.HostName):
			d.r.errorf(named, "host_name %q stands twice", h.HostName)
		}
		if o.has("template") && isText(o.fields["template"]) {
			d.template(o.place("template"), h.Template)
		}
		d.s.Hosts = append(d.s.Hosts, h)
	}
	if len(entries) == 0 {
		d.s.Hosts = []Host{{HostName: DefaultHostName, Template: DefaultTemplate}}
		d.template(top.place("hosts"), DefaultTemplate)
	}
}

func (d *decoder) template(p place, name string) {
	if known := d.options.Templates; known != nil && !slices.Contains(known, name) {
		d.r.errorf(p, "no template %q%s", name, didYouMean(name, known))
	}
}

// host reports whether the scenario has a host of that name.
func (s *Scenario) host(name string) bool {
	return slices.ContainsFunc(s.Hosts, func(h Host) bool { return h.HostName == name })
}

func (s *Scenario) hostNames() []string {
	names := make([]string, len(s.Hosts))
	for i, h := range s.Hosts {
		names[i] = h.HostName
	}
	return names
}

func (d *decoder) agents(top object) {
	for _, n := range top.list("agents") {
		o := newObject(d.r, n, "an agent", "agent_id", "agent_name", "host_name", "host_id", "specialty_key")
		a := Agent{
			AgentID: o.str("agent_id"), AgentName: o.str("agent_name"), HostName: o.str("host_name"),
			HostID: o.str("host_id"), SpecialtyKey: o.str("specialty_key"),
		}
		if a.HostName != "" && !d.s.host(a.HostName) {
			d.r.errorf(o.place("host_name"), "an agent is on host %q, which is not in hosts%s", a.HostName, didYouMean(a.HostName, d.s.hostNames()))
		}
		d.s.Agents = append(d.s.Agents, a)
	}
}
