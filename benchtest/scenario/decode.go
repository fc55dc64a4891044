package scenario

import (
	"regexp"
	"slices"

	"gopkg.in/yaml.v3"
)

// scenarioFields are the fields of a scenario file; the last three are those
// of older 2501 scenarios.
var scenarioFields = []string{
	"key", "title", "description", "ticket_title", "ticket_body", "tags", "hosts", "agents", "timeouts",
	"expect", "network", "integrity", "state", "validation", "name", "allowedAgents", "allowedHosts",
}

// A decoder makes a Scenario of a tree and reports what it cannot use. It
// always goes on to the end, so that one run shows all mistakes.
type decoder struct {
	s       *Scenario
	r       *report
	options LoadOptions
}

func (d *decoder) decode(tree *yaml.Node) {
	top := newObject(d.r, tree, "a scenario", scenarioFields...)
	if tree.Kind != yaml.MappingNode {
		return
	}
	for name, n := range top.fields {
		d.s.places[name] = at(n)
	}
	d.texts(top)
	d.key(top)
	d.tags(top)
	d.hosts(top)
	d.agents(top)
	d.timeouts(top)
	d.integrity(top)
	d.s.Expect = Expect(top.choice("expect", string(ExpectFixed), string(ExpectNoAction)))
	d.s.Network = top.choice("network", "none", "open")
	d.state(top)
	d.validation(top)
}

// texts reads what people read. Up to version 0.4 of the 2501 runner a
// scenario had a name, and its description was the ticket.
func (d *decoder) texts(top object) {
	s := d.s
	s.Description = top.str("description")
	if top.has("name") {
		d.older(top, "name", "call it title, and the ask ticket_title and ticket_body")
		name := top.str("name")
		s.Title, s.TicketTitle, s.TicketBody = name, name, s.Description
		for field, to := range map[string]*string{"title": &s.Title, "ticket_title": &s.TicketTitle, "ticket_body": &s.TicketBody} {
			if top.has(field) {
				*to = top.str(field)
			}
		}
		if s.TicketBody == "" {
			d.r.errorf(place{1, 1}, "no ticket_body: it is what the engine is asked to do")
		}
		return
	}
	s.Title = top.required("title", "it names the scenario in reports")
	s.TicketTitle = top.required("ticket_title", "it is the headline of the ask")
	s.TicketBody = top.required("ticket_body", "it is what the engine is asked to do")
}

func (d *decoder) older(o object, name, now string) {
	d.r.warnf(o.place(name), "%s is a field of older 2501 scenarios: %s", name, now)
}

// tagPattern keeps tags apart in a comma-separated list.
var tagPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/-]*$`)

func (d *decoder) tags(top object) {
	for _, n := range top.list("tags") {
		tag := text(d.r, n, "a tag")
		switch {
		case !isText(n):
		case !tagPattern.MatchString(tag):
			d.r.errorf(at(n), "a tag is made of letters, digits and . _ : / -, not %q", tag)
		case slices.Contains(d.s.Tags, tag):
			d.r.warnf(at(n), "the tag %q stands twice", tag)
		default:
			d.s.Tags = append(d.s.Tags, tag)
		}
	}
}

func (d *decoder) timeouts(top object) {
	n := top.fields["timeouts"]
	if n == nil {
		return
	}
	o := newObject(d.r, n, "timeouts", "ready", "prepare", "engine", "hold", "release")
	for name, field := range o.fields {
		d.s.places["timeouts."+name] = at(field)
	}
	d.s.Timeouts = Timeouts{
		Ready: o.duration("ready"), Prepare: o.duration("prepare"), Engine: o.duration("engine"),
		Hold: o.duration("hold"), Release: o.duration("release"),
	}
}

func (d *decoder) integrity(top object) {
	n := top.fields["integrity"]
	if n == nil {
		return
	}
	o := newObject(d.r, n, "integrity", "off")
	d.s.IntegrityOff = o.str("off")
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 || o.has("off") && isText(o.fields["off"]) && d.s.IntegrityOff == "" {
		d.r.errorf(at(n), "integrity needs a reason: {off: why package files may change}")
	}
}
