package rules_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

func TestParseStateFields(t *testing.T) {
	t.Parallel()
	r := rule(t, `
label: the site answers
on: web1
as: www-data
http: http://127.0.0.1/
method: POST
headers: {X-Probe: 1}
timeout: 5s
insecure: true
expect: {status: 200}
within: 20s
for: 5s
every: 500ms
required: false
negate: true
before: holds
`)
	assert.Equal(t, "the site answers", r.Label)
	assert.Equal(t, "web1", r.On)
	assert.Equal(t, facts.Query{
		Noun: "http", Subject: "http://127.0.0.1/", As: "www-data",
		Params: map[string]any{"method": "POST", "headers": map[string]any{"X-Probe": "1"}, "timeout": "5s", "insecure": true},
	}, r.Query)
	assert.Equal(t, []time.Duration{20 * time.Second, 5 * time.Second, 500 * time.Millisecond}, []time.Duration{r.Within, r.For, r.Every})
	assert.False(t, r.Required)
	assert.True(t, r.Negate)
	assert.Equal(t, rules.BeforeHolds, r.Before)
	assert.True(t, r.AppliesTo("web1"))
	assert.False(t, r.AppliesTo("web2"))
}

func TestParseStateDefaults(t *testing.T) {
	t.Parallel()
	r := rule(t, "{label: l, port: 80, expect: {listening: true}}")
	assert.Equal(t, facts.Query{Noun: "port", Subject: "80"}, r.Query)
	assert.True(t, r.Required)
	assert.False(t, r.Negate)
	assert.Equal(t, rules.BeforeFails, r.Before)
	assert.True(t, r.AppliesTo("any"))
}

func TestEveryNounCanBeWritten(t *testing.T) {
	t.Parallel()
	values := map[facts.Type]string{
		facts.TypeBool: "true", facts.TypeInt: "1", facts.TypeNumber: "1.5", facts.TypeString: "x", facts.TypeText: "[x]",
		facts.TypeTime: `"2026-01-02T03:04:05Z"`, facts.TypeList: "[x]", facts.TypeMap: "{have-key: x}",
	}
	for _, n := range facts.Nouns() {
		t.Run(n.Name, func(t *testing.T) {
			t.Parallel()
			for _, a := range n.Attrs {
				r := rule(t, "label: l\n"+n.Name+": /x\nexpect: {"+a.Name+": "+values[a.Type]+"}")
				res := r.HoldsAt(snap(facts.After, 0, fact(r, map[string]any{})), nil)
				assert.Equal(t, rules.DoesNotHold, res.Status, "%s: nothing must not hold", a.Name)
			}
		})
	}
}

func TestParseStateProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"empty", "{}", []string{
			"1:1: empty rule: a state rule needs a noun, one of service, process, port, file, mount, certificate, http, addr, dns, interface, command, package, user, group, kernel-param, journal, cron, ansible, script",
			"1:1: a state rule needs a label",
		}},
		{"no mapping", "[1]", []string{"1:1: state rule: want a mapping, got a list"}},
		{"misspelt noun", "{label: l, servce: nginx, expect: {running: true}}", []string{`1:12: unknown noun or field "servce": did you mean "service"?`}},
		{"planned noun", "{label: l, database: x, expect: {rows: 1}}", []string{`1:12: noun "database" is not supported by this version`}},
		{"two nouns", "{label: l, service: a, port: 80, expect: {running: true}}", []string{"1:24: a rule has one noun: port stands beside service"}},
		{"no expect", "{label: l, service: nginx}", []string{"1:1: empty rule: service needs expect: with one of running, enabled, masked, failed, restarts, main-pid, since, program, witness"}},
		{"empty expect", "{label: l, port: 80, expect: {}}", []string{"1:30: empty rule: expect has nothing; want one of listening, ip, process, program"}},
		{"null expect", "{label: l, port: 80, expect: }", []string{"1:30: expect: want a mapping, got nothing"}},
		{"empty subject", `{label: l, service: "", expect: {running: true}}`, []string{"1:21: service: the subject is empty"}},
		{"list as subject", `{label: l, service: [a], expect: {running: true}}`, []string{"1:21: service: want a text, got a list"}},
		{"relative path", `{label: l, file: etc/hosts, expect: {exists: true}}`, []string{`1:18: file: want an absolute path, got "etc/hosts"`}},
		{"misspelt attribute", "{label: l, service: a, expect: {runnng: true}}", []string{`1:33: service: unknown attribute "runnng": did you mean "running"?`}},
		{"underscore", "{label: l, service: a, expect: {main_pid: 1}}", []string{`1:33: service: unknown attribute "main_pid": did you mean "main-pid"?`}},
		{"attribute beside", "{label: l, service: a, running: true, expect: {enabled: true}}", []string{"1:24: running is an attribute of service: it stands below expect:"}},
		{"misspelt modifier", "{label: l, service: a, withn: 5s, expect: {running: true}}", []string{`1:24: service: unknown field "withn": did you mean "within"?`}},
		{"parameter of another noun", "{label: l, dns: a, method: GET, expect: {resolvable: true}}", []string{`1:20: dns: unknown field "method": want one of label, expect, on, as, within, for, every, required, negate, before, server, timeout`}},
		{"misspelt matcher", "{label: l, file: /a, expect: {mode: {have-prefx: '0'}}}", []string{`1:38: mode: unknown matcher "have-prefx": did you mean "have-prefix"?`}},
		{"matcher that does not fit", "{label: l, service: a, expect: {running: {gt: 1}}}", []string{"1:43: running: gt does not fit a bool: want one of equal, not, and, or, unchanged-since, changed-since"}},
		{"wrong bool", "{label: l, service: a, expect: {running: yes}}", []string{`1:42: running: want true or false, got "yes"`}},
		{"wrong int", "{label: l, http: u, expect: {status: ok}}", []string{`1:38: status: want a whole number, got "ok"`}},
		{"fraction", "{label: l, http: u, expect: {status: 200.5}}", []string{`1:38: status: want a whole number, got "200.5"`}},
		{"scalar for a list", "{label: l, dns: a, expect: {addrs: 10.0.0.1}}", []string{"1:36: addrs is a list: want [10.0.0.1], or a matcher such as contain-element"}},
		{"list for a scalar", "{label: l, file: /a, expect: {mode: [a, b]}}", []string{"1:37: mode is a string: want one value; for one of several write or: [...]"}},
		{"empty list", "{label: l, dns: a, expect: {addrs: []}}", []string{"1:36: addrs: an empty list expects nothing; for an empty one write have-len: 0"}},
		{"empty matcher", "{label: l, dns: a, expect: {addrs: {}}}", []string{"1:36: addrs: an empty mapping expects nothing"}},
		{"null matcher", "{label: l, dns: a, expect: {addrs: }}", []string{"1:36: addrs: nothing is expected of it"}},
		{"empty and", "{label: l, file: /a, expect: {mode: {and: []}}}", []string{"1:43: mode.and: want a list with at least one item, got a list"}},
		{"bad regex", "{label: l, file: /a, expect: {mode: {match-regexp: '('}}}", []string{"1:52: mode.match-regexp: compile pattern: error parsing regexp: missing closing ): `(`"}},
		{"bad line regex", "{label: l, file: /a, expect: {contents: ['/[/']}}", []string{"1:42: contents: compile pattern: error parsing regexp: missing closing ]: `[`"}},
		{"empty line pattern", `{label: l, file: /a, expect: {contents: ["!"]}}`, []string{"1:42: contents: an empty line pattern expects nothing"}},
		{"unquoted line pattern is a tag", "{label: l, file: /a, expect: {contents: [!foo ]}}", []string{`1:42: !foo is a YAML tag here: write it in quotes, "!foo"`}},
		{"no duration", "{label: l, service: a, within: soon, expect: {running: true}}", []string{`1:32: within: want a duration such as 20s or 1m30s, got "soon"`}},
		{"duration without unit", "{label: l, service: a, within: 20, expect: {running: true}}", []string{`1:32: within: "20" has no unit: did you mean 20s?`}},
		{"negative duration", "{label: l, service: a, for: -1s, expect: {running: true}}", []string{"1:29: for: a duration is not negative, got -1s"}},
		{"long duration", "{label: l, service: a, for: 999h, expect: {running: true}}", []string{"1:29: for: at most 24h0m0s, got 999h"}},
		{"short interval", "{label: l, service: a, every: 1ms, expect: {running: true}}", []string{"1:31: every: at least 100ms, got 1ms"}},
		{"bad before", "{label: l, service: a, before: fail, expect: {running: true}}", []string{`1:32: unknown value of before "fail": did you mean "fails"?`}},
		{"bad required", "{label: l, service: a, required: maybe, expect: {running: true}}", []string{`1:34: required: want true or false, got "maybe"`}},
		{"empty label", "{label: ' ', service: a, expect: {running: true}}", []string{"1:9: label: it is empty"}},
		{"label of two lines", `{label: "a\nb", service: a, expect: {running: true}}`, []string{"1:9: label: want one line of at most 200 characters"}},
		{"bad checkpoint", "{label: l, file: /a, expect: {mode: {unchanged-since: healty}}}", []string{`1:55: mode.unchanged-since: unknown checkpoint "healty": did you mean "healthy"?`}},
		{"checkpoint of an element", "{label: l, dns: a, expect: {addrs: [unchanged-since: healthy]}}", []string{"1:54: addrs.unchanged-since: one element has no earlier self; apply it to the whole attribute"}},
		{"at-least of a list", "{label: l, dns: a, expect: {addrs: {at-least: healthy}}}", []string{"1:37: addrs: at-least does not fit a list: want one of equal, subset, contain-element, contain-elements, consist-of, have-len, not, and, or, unchanged-since, changed-since, semver-constraint"}},
		{"between is the wrong way", "{label: l, mount: /, expect: {usage: {between: [9, 1]}}}", []string{"1:48: usage.between: 9 is greater than 1, so nothing is between them"}},
		{"between of one", "{label: l, mount: /, expect: {usage: {between: [9]}}}", []string{"1:48: usage.between: want two values, [LOW, HIGH], got a list"}},
		{"gt of a text", "{label: l, mount: /, expect: {usage: {gt: much}}}", []string{`1:43: usage.gt: want a number, got "much"`}},
		{"bad time", "{label: l, service: a, expect: {since: {gt: today}}}", []string{`1:45: since.gt: want a time such as 2026-01-02T03:04:05Z, got "today"`}},
		{"bad semver", "{label: l, package: a, expect: {versions: {semver-constraint: '>> 1'}}}", []string{"1:63: versions.semver-constraint: improper constraint: \">> 1\""}},
		{"bad parameter", "{label: l, command: a, timeout: 5, expect: {exit-status: 0}}", []string{`1:33: timeout: "5" has no unit: did you mean 5s?`}},
		{"bad journal pattern", "{label: l, journal: a, pattern: '(?=x)', expect: {count: 0}}", []string{"1:33: pattern: error parsing regexp: invalid or unsupported Perl syntax: `(?=`"}},
		{"bad since", "{label: l, journal: a, since: fauted, expect: {count: 0}}", []string{`1:31: since: unknown checkpoint "fauted": did you mean "faulted"?, or a time, or unix seconds`}},
		{"duplicate key", "label: l\nservice: a\nexpect: {running: true}\nlabel: m\n", []string{`4:1: state rule: "label" stands twice, first in line 1`}},
		{"merge key", "{label: l, service: a, <<: {required: false}, expect: {running: true}}", []string{"1:24: merge keys (<<) are not supported in a rule"}},
		{"several at once", "label: l\nservice: a\nwithin: soon\nexpect:\n  runnng: true\n  enabled: 1\n", []string{
			`3:9: within: want a duration such as 20s or 1m30s, got "soon"`,
			`5:3: service: unknown attribute "runnng": did you mean "running"?`,
			`6:12: enabled: want true or false, got "1"`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, got := parse(t, c.text)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestParseStateBounds(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [" + strings.Repeat("x, ", 8) + "x]\n"
	for i := range 8 {
		prev, next := string(rune('a'+i)), string(rune('b'+i))
		bomb += next + ": &" + next + " [" + strings.Repeat("*"+prev+", ", 8) + "*" + prev + "]\n"
	}
	deep := "{label: l, file: /a, expect: {mode: " + strings.Repeat("{not: ", 60) + "x" + strings.Repeat("}", 60) + "}}"
	for name, text := range map[string]string{"bomb": bomb, "deep": deep} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			_, problems := parse(t, text)
			require.Len(t, problems, 1)
			assert.Contains(t, problems[0], "rule is too large or too deep")
			assert.Less(t, time.Since(start), time.Second)
		})
	}
	t.Run("alias to itself", func(t *testing.T) {
		t.Parallel()
		n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		n.Content = []*yaml.Node{{Kind: yaml.ScalarNode, Value: "label"}, {Kind: yaml.AliasNode, Alias: n}}
		_, problems := rules.ParseState(n)
		require.Len(t, problems, 1)
	})
	t.Run("nothing", func(t *testing.T) {
		t.Parallel()
		_, problems := rules.ParseState(nil)
		require.Len(t, problems, 1)
		_, problems = rules.ParseState(&yaml.Node{})
		require.NotEmpty(t, problems)
	})
}

func TestAliasesWork(t *testing.T) {
	t.Parallel()
	var n yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte("- {label: a, service: x, expect: &e {running: true}}\n- {label: b, service: y, expect: *e}"), &n))
	r, problems := rules.ParseState(n.Content[0].Content[1])
	require.Empty(t, problems)
	assert.Equal(t, holds, r.HoldsAt(snap(facts.After, 0, fact(r, map[string]any{"running": true})), nil).Status)
}

func TestSourceIsTheRule(t *testing.T) {
	t.Parallel()
	a := rule(t, "label: l # why\nfile: /f\nexpect:\n  contents: ['!foo', \"true\", '0x1']\n  mode: 0644\nwithin: 5s")
	b := rule(t, "{within: 5s, expect: {mode: 0644, contents: [\"!foo\", 'true', '0x1']}, file: /f, label: l}")
	assert.Equal(t, a.Source, b.Source)
	assert.Equal(t, rules.Digest([]rules.State{a}, nil), rules.Digest([]rules.State{b}, nil))

	back, err := rules.StateFromSource(a.Source)
	require.NoError(t, err)
	assert.Equal(t, a, back)

	c := rule(t, "{label: l, file: /f, expect: {mode: '0640'}}")
	assert.NotEqual(t, rules.Digest([]rules.State{a}, nil), rules.Digest([]rules.State{c}, nil))
	assert.NotEqual(t, rules.Digest([]rules.State{a, c}, nil), rules.Digest([]rules.State{c, a}, nil))
	_, err = rules.StateFromSource("{label: l}")
	require.ErrorContains(t, err, "read rule: line 1")
}

func TestStateCannotFail(t *testing.T) {
	t.Parallel()
	for expect, want := range map[string]bool{
		"{mode: {match-regexp: '.*'}}":                  true,
		"{mode: {match-regexp: ''}}":                    true,
		"{mode: {match-regexp: '^(?!x)|'}}":             true,
		"{mode: {have-prefix: ''}}":                     true,
		"{contents: {have-len: {ge: 0}}}":               true,
		"{contents: ['/.*/']}":                          true,
		"{contents: ['!/.*/']}":                         false,
		"{contents: [contain-substring: '']}":           true,
		"{mode: {or: ['0644', {match-regexp: 'x?'}]}}":  true,
		"{mode: {and: ['0644', {match-regexp: 'x?'}]}}": false,
		"{mode: {match-regexp: '^$'}}":                  false,
		"{mode: {match-regexp: '.+x'}}":                 false,
		"{mode: {match-regexp: '.*'}, exists: true}":    false,
		"{contents: ['/^listen/']}":                     false,
		"{contents: {have-len: {ge: 1}}}":               false,
	} {
		t.Run(expect, func(t *testing.T) {
			t.Parallel()
			r := rule(t, "{label: l, file: /f, expect: "+expect+"}")
			assert.Equal(t, want, r.CannotFail())
			r = rule(t, "{label: l, file: /f, negate: true, expect: "+expect+"}")
			assert.False(t, r.CannotFail(), "negated")
		})
	}
}
