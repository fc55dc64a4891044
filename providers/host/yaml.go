package host

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"
	"gopkg.in/yaml.v3"
)

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): `)

// yaml reads both kinds of YAML: ours has a list of hosts at its top.
func (r *reader) yaml(data []byte) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return
	case err != nil:
		r.yamlError(err)
		return
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		r.errorf(max(more.Line, 1), 1, "a second document: an inventory is one")
		return
	}
	if len(doc.Content) == 0 {
		return
	}
	top := doc.Content[0]
	fields := r.mapping(top, "an inventory")
	if hosts := fields["hosts"]; hosts != nil && hosts.Kind == yaml.SequenceNode {
		r.ours(fields)
		return
	}
	r.ansible(fields)
}

// yamlError moves the line that the parser names to where ours stand.
func (r *reader) yamlError(err error) {
	line, text := 1, strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = strings.TrimPrefix(err.Error(), m[0])
	}
	r.errorf(line, 1, "%s", strings.ReplaceAll(text, "\n", " "))
}

// mapping is the fields of n; null has none. A key that comes twice and
// anything but a mapping are errors.
func (r *reader) mapping(n *yaml.Node, what string) map[string]*yaml.Node {
	fields := map[string]*yaml.Node{}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return fields
	}
	if n.Kind != yaml.MappingNode {
		r.errorf(n.Line, n.Column, "%s is a mapping: write KEY: VALUE lines%s", what, aliasHint(n))
		return fields
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.errorf(key.Line, key.Column, "a key of %s is a plain word%s", what, aliasHint(key))
		case fields[key.Value] != nil:
			r.errorf(key.Line, key.Column, "%.80q comes twice in %s", key.Value, what)
		default:
			fields[key.Value] = value
		}
	}
	return fields
}

func aliasHint(n *yaml.Node) string {
	if n.Kind == yaml.AliasNode {
		return " (aliases are not read: write it out)"
	}
	return ""
}

// ours reads the hosts of our own format.
func (r *reader) ours(top map[string]*yaml.Node) {
	for key, n := range top {
		if key != "hosts" {
			r.errorf(n.Line, 1, "unknown field %.80q: an inventory has hosts", key)
		}
	}
	for _, n := range top["hosts"].Content {
		e := Entry{}
		fields := r.mapping(n, "a host")
		for key, v := range fields {
			if set := setters[key]; set == nil {
				r.errorf(v.Line, v.Column, "unknown field %.80q of a host: want %s", key, fieldNames())
			} else if err := set(&e, r.texts(v)); err != nil {
				r.errorf(v.Line, v.Column, "%s: %v", key, err)
			}
		}
		if e.Name == "" && e.ID == "" {
			r.errorf(n.Line, n.Column, "a host needs a host_name or a host_id")
			continue
		}
		if e.Name == "" {
			e.Name = e.ID
		}
		r.add(e, n.Line, n.Column)
	}
}

// texts is a scalar, or a list of them, as text.
func (r *reader) texts(n *yaml.Node) []string {
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return nil
	case n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Tag, "!!"):
		return []string{n.Value}
	case n.Kind == yaml.SequenceNode:
		var all []string
		for _, c := range n.Content {
			if c.Kind != yaml.ScalarNode {
				r.errorf(c.Line, c.Column, "an element of this list is text%s", aliasHint(c))
				continue
			}
			all = append(all, c.Value)
		}
		return all
	}
	r.errorf(n.Line, n.Column, "this is text, or a list of texts%s", aliasHint(n))
	return nil
}

// setters are the fields of a host, by our names.
var setters = map[string]func(*Entry, []string) error{
	"host_id":     one(func(e *Entry) *string { return &e.ID }),
	"host_name":   one(func(e *Entry) *string { return &e.Name }),
	"address":     one(func(e *Entry) *string { return &e.Address }),
	"user":        one(func(e *Entry) *string { return &e.User }),
	"agent_user":  one(func(e *Entry) *string { return &e.AgentUser }),
	"key":         one(func(e *Entry) *string { return &e.Key }),
	"known_hosts": one(func(e *Entry) *string { return &e.KnownHosts }),
	"network":     one(func(e *Entry) *string { return (*string)(&e.Network) }),
	"port": func(e *Entry, v []string) (err error) {
		text, err := single(v)
		if err != nil {
			return err
		}
		if e.Port, err = strconv.Atoi(text); err != nil || e.Port < 1 || e.Port > 65535 {
			return fmt.Errorf("%.80q: want 1 to 65535", text)
		}
		return nil
	},
	"templates": func(e *Entry, v []string) error {
		e.Templates = append(e.Templates, v...)
		return nil
	},
	"host_key": func(e *Entry, v []string) error {
		for _, line := range v {
			key, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(line))
			if err != nil || len(bytes.TrimSpace(rest)) > 0 {
				return fmt.Errorf("%.80q is no public key: want a line that begins such as ssh-ed25519 AAAA", line)
			}
			e.HostKeys = append(e.HostKeys, key)
		}
		return nil
	},
}

// fieldNames are the names of setters for people, in a fixed order.
func fieldNames() string {
	return "host_id, host_name, address, port, user, agent_user, key, host_key, known_hosts, templates, network"
}

// one sets a field that has one value.
func one(field func(*Entry) *string) func(*Entry, []string) error {
	return func(e *Entry, v []string) error {
		text, err := single(v)
		if err == nil {
			*field(e) = text
		}
		return err
	}
}

func single(v []string) (string, error) {
	if len(v) != 1 || v[0] == "" {
		return "", errors.New("want one value")
	}
	if strings.Contains(v[0], "{{") {
		return "", errors.New("expressions are not evaluated: write the value")
	}
	return v[0], nil
}
