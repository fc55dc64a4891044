package host

import (
	"maps"
	"slices"
	"strings"
)

// fields maps Ansible's variables, and ours for what Ansible has no word for,
// to the fields of a host.
var fields = map[string]string{
	"ansible_host":                 "address",
	"ansible_ssh_host":             "address",
	"ansible_port":                 "port",
	"ansible_ssh_port":             "port",
	"ansible_user":                 "user",
	"ansible_ssh_user":             "user",
	"ansible_ssh_private_key_file": "key",
	"ansible_private_key_file":     "key",
	"benchtest_host_id":            "host_id",
	"benchtest_agent_user":         "agent_user",
	"benchtest_host_key":           "host_key",
	"benchtest_known_hosts":        "known_hosts",
	"benchtest_templates":          "templates",
	"benchtest_network":            "network",
}

// refused are variables that change how a host is reached in a way that we do
// not follow; the text is the remedy.
var refused = map[string]string{
	"ansible_password":        "log in by key: set ansible_ssh_private_key_file",
	"ansible_ssh_pass":        "log in by key: set ansible_ssh_private_key_file",
	"ansible_ssh_common_args": "hosts are dialled directly: give an address that this machine reaches",
	"ansible_ssh_extra_args":  "hosts are dialled directly: give an address that this machine reaches",
	"ansible_become_password": "let the user sudo without a password",
	"ansible_become_pass":     "let the user sudo without a password",
}

// allowed are variables of which we follow one value.
var allowed = map[string][]string{
	"ansible_connection":    {"ssh", "smart", "paramiko", "paramiko_ssh"},
	"ansible_become_method": {"sudo"},
	"ansible_become_user":   {"root"},
}

// ours reports whether a variable means something to us.
func ours(name string) bool {
	return fields[name] != "" || refused[name] != "" || allowed[name] != nil || strings.HasPrefix(name, "benchtest_")
}

// entry makes a host of its variables. Those that we do not know are the
// playbooks' business.
func (g *groups) entry(name string, vars map[string]value) {
	e := Entry{Name: name}
	at := g.place[name]
	for _, v := range slices.Sorted(maps.Keys(vars)) {
		val := vars[v]
		switch field := fields[v]; {
		case field == "templates" && len(val.texts) == 1:
			e.Templates = strings.FieldsFunc(val.texts[0], func(r rune) bool { return r == ',' || r == ' ' })
		case field != "":
			if err := setters[field](&e, val.texts); err != nil {
				g.errorf(val.line, val.col, "%s: %v", v, err)
			}
		case refused[v] != "":
			g.errorf(val.line, val.col, "%s is not followed: %s", v, refused[v])
		case allowed[v] != nil:
			if text, err := single(val.texts); err != nil || !slices.Contains(allowed[v], text) {
				g.errorf(val.line, val.col, "%s: want %s", v, strings.Join(allowed[v], " or "))
			}
		case strings.HasPrefix(v, "benchtest_"):
			g.errorf(val.line, val.col, "unknown variable %.80q: have benchtest_host_id, _agent_user, _host_key, _known_hosts, _templates, _network", v)
		}
	}
	g.add(e, at[0], at[1])
}
