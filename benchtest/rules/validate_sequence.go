package rules

import (
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"
)

func orderDef() validatorDef {
	either := map[string]any{"anyOf": []any{argvSchema(), typeSchema("string", "number")}}
	return validatorDef{
		name: "order", doc: "no command is run that is not preceded, on its host, by another one",
		params: []paramDef{
			{name: "first", doc: "what comes first: [nginx, -t] or a pattern", required: true, schema: either},
			{name: "then", doc: "what may only follow it", required: true, schema: either},
		},
		parse: func(rd *reader, _ *yaml.Node, p params) complianceCheck {
			first, fok := rd.anySelector(p["first"], "first")
			then, tok := rd.anySelector(p["then"], "then")
			if !fok || !tok {
				return nil
			}
			return orderCheck{first: first, then: then}
		},
	}
}

// orderCheck asks whether first came before each then, on the same host. Where
// then never ran there is nothing to be wrong; that first ran is for the
// validator command to ask.
type orderCheck struct{ first, then selector }

func (c orderCheck) cannotFail() bool { return false }
func (c orderCheck) expected() string { return fmt.Sprintf("%s before %s", c.first, c.then) }

func (c orderCheck) ask(rec record) answer {
	cmds, a := rec.commandAnswer()
	cmds = inOrder(cmds)
	ready := map[string]bool{} // hosts on which first has run
	a.holds, a.got = true, "in order"
	w := newWatch()
	for _, cmd := range cmds {
		// In one line the first may stand before the second: "nginx -t && systemctl reload nginx".
		for _, part := range parts(cmd) {
			then, err := c.then.matches(part, w)
			if err == nil && then && !ready[cmd.Host] {
				a.holds, a.got = false, clip(cmd.String(), 200)+" came first"
				return a
			}
			first, err2 := c.first.matches(part, w)
			if err != nil || err2 != nil {
				a.err = firstError(err, err2)
				return a
			}
			ready[cmd.Host] = ready[cmd.Host] || first
		}
	}
	return a
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// parts is a command as the single commands that it runs.
func parts(c Command) []Command {
	all := programs(c)
	if len(all) < 2 {
		return []Command{c}
	}
	out := make([]Command, len(all))
	for i, argv := range all {
		out[i] = Command{Argv: argv, Host: c.Host}
	}
	return out
}

// inOrder sorts by time where all times are known; else the record's order
// stands.
func inOrder(cmds []Command) []Command {
	if slices.ContainsFunc(cmds, func(c Command) bool { return c.At.IsZero() }) {
		return cmds
	}
	slices.SortStableFunc(cmds, func(a, b Command) int { return a.At.Compare(b.At) })
	return cmds
}

func maxCountDef() validatorDef {
	return validatorDef{
		name: "max_count", doc: "a command is run at most so many times",
		params: append(selectorParams(), paramDef{name: "max", doc: "how many times at most", required: true, schema: map[string]any{"type": "integer", "minimum": 0}}),
		parse: func(rd *reader, at *yaml.Node, p params) complianceCheck {
			s, sok := rd.selector(at, "max_count", p)
			most, mok := rd.count(p["max"], "max")
			if !sok || !mok {
				return nil
			}
			return maxCount{selector: s, most: most}
		},
	}
}

// maxCount asks whether a command was run at most so often, in all tasks.
type maxCount struct {
	selector selector
	most     int
}

func (c maxCount) cannotFail() bool { return false }
func (c maxCount) expected() string { return fmt.Sprintf("%s at most %d times", c.selector, c.most) }

func (c maxCount) ask(rec record) answer {
	cmds, a := rec.commandAnswer()
	found, err := c.selector.find(cmds)
	a.err, a.holds, a.got = err, len(found) <= c.most, fmt.Sprintf("%d times", len(found))
	return a
}

// defaultLoop is how often the same command is a loop where a rule names no number.
const defaultLoop = 6

func noLoopDef() validatorDef {
	return validatorDef{
		name: "no_loop", doc: "no command line is run that many times on one host",
		params: []paramDef{{name: "times", doc: fmt.Sprintf("how many times are a loop; default %d", defaultLoop), schema: map[string]any{"type": "integer", "minimum": 2}}},
		parse: func(rd *reader, _ *yaml.Node, p params) complianceCheck {
			c := noLoop(defaultLoop)
			if n := p["times"]; n != nil {
				times, ok := rd.count(n, "times")
				if ok && times < 2 {
					rd.problem(n, "times: at least 2, got %d", times)
				}
				c = noLoop(times)
			}
			return c
		},
	}
}

// noLoop is how many times the same command line makes a loop.
type noLoop int

func (c noLoop) cannotFail() bool { return false }
func (c noLoop) expected() string { return fmt.Sprintf("no command %d times", int(c)) }

func (c noLoop) ask(rec record) answer {
	cmds, a := rec.commandAnswer()
	a.holds, a.got = true, "none"
	times := map[[2]string]int{}
	for _, cmd := range cmds {
		key := [2]string{cmd.Host, cmd.String()}
		times[key]++
		if times[key] == int(c) {
			a.holds, a.got = false, fmt.Sprintf("%d times: %s", int(c), clip(cmd.String(), 200))
			break
		}
	}
	return a
}
