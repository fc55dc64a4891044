package rules_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// Where the attributes of the tables below live: one noun for each type.
var attrNoun = map[string]string{
	"running": "service: nginx", "restarts": "service: nginx", "since": "service: nginx",
	"usage": "mount: /", "options": "mount: /", "mode": "file: /f", "contents": "file: /f", "size": "file: /f",
	"stdout": "command: x", "exit-status": "command: x", "versions": "package: p", "value": "kernel-param: k",
	"certificate": "http: https://h/", "headers": "http: https://h/", "body": "http: https://h/",
	"addrs": "dns: h", "groups": "user: u", "args": "process: p", "entries": "cron: root",
}

type matchCase struct {
	name   string
	attr   string
	expect string // YAML after "attr: "
	value  any
	want   rules.Status
}

func runMatches(t *testing.T, cases []matchCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := rule(t, "label: l\n"+attrNoun[c.attr]+"\nexpect: {"+c.attr+": "+c.expect+"}")
			got := r.HoldsAt(snap(facts.After, 0, fact(r, map[string]any{c.attr: c.value})), nil)
			assert.Equal(t, c.want, got.Status, "%+v", got)
			if c.want == rules.DoesNotHold {
				assert.NotEmpty(t, got.Expected)
				assert.NotEmpty(t, got.Got)
			}
		})
	}
}

const (
	holds   = rules.Holds
	fails   = rules.DoesNotHold
	errored = rules.RuleErrored
)

func TestEqual(t *testing.T) {
	t.Parallel()
	runMatches(t, []matchCase{
		{"bool", "running", "true", true, holds},
		{"bool other", "running", "true", false, fails},
		{"int", "restarts", "0", float64(0), holds},
		{"int that never left the process", "restarts", "3", 3, holds},
		{"int other", "restarts", "0", float64(1), fails},
		{"number", "usage", "12.5", 12.5, holds},
		{"string", "mode", `"0644"`, "0644", holds},
		{"string written as a number keeps its zero", "mode", "0644", "0644", holds},
		{"string other case", "value", "Yes", "yes", fails},
		{"text without its last newline", "stdout", "active", "active\n", holds},
		{"text with its last newline", "stdout", `"active\n"`, "active\n", holds},
		{"text lacks the newline that is wanted", "stdout", `"active\n"`, "active", fails},
		{"text with two newlines", "stdout", "active", "active\n\n", fails},
		{"time in another layout", "since", `"2026-01-02T04:04:05+01:00"`, "2026-01-02T03:04:05.000000Z", holds},
		{"explicit", "restarts", "{equal: 2}", float64(2), holds},
		{"list in order", "addrs", "{equal: [a, b]}", []any{"a", "b"}, holds},
		{"list in another order", "addrs", "{equal: [b, a]}", []any{"a", "b"}, fails},
		{"empty list", "addrs", "{equal: []}", []any{}, holds},
		{"map", "certificate", "{equal: {days-left: 3, san: [h]}}", map[string]any{"days-left": float64(3), "san": []any{"h"}}, holds},
		{"map with more", "certificate", "{equal: {days-left: 3}}", map[string]any{"days-left": float64(3), "x": true}, fails},
		{"null holds nothing", "mode", "{not: {equal: x}}", nil, fails},
	})
}

func TestTextMatchers(t *testing.T) {
	t.Parallel()
	runMatches(t, []matchCase{
		{"have-prefix", "stdout", "{have-prefix: nginx/}", "nginx/1.22\n", holds},
		{"have-prefix not", "stdout", "{have-prefix: inx}", "nginx/1.22\n", fails},
		{"have-suffix before the newline", "stdout", "{have-suffix: '22'}", "nginx/1.22\n", holds},
		{"have-suffix not", "stdout", "{have-suffix: nginx}", "nginx/1.22\n", fails},
		{"contain-substring", "body", "{contain-substring: Welcome}", "<h1>Welcome</h1>", holds},
		{"contain-substring not", "body", "{contain-substring: welcome}", "<h1>Welcome</h1>", fails},
		{"match-regexp", "mode", "{match-regexp: '^0?6[04]0$'}", "0640", holds},
		{"match-regexp not", "mode", "{match-regexp: '^0?6[04]0$'}", "0644", fails},
		{"match-regexp is case-sensitive", "stdout", "{match-regexp: OK}", "ok", fails},
		{"match-regexp with look-ahead", "stdout", "{match-regexp: 'a(?!b)'}", "ab ac", holds},
		{"match-regexp with look-ahead not", "stdout", "{match-regexp: 'a(?!b)'}", "ab", fails},
		{"several at once", "mode", "{have-prefix: '0', have-suffix: '4'}", "0644", holds},
		{"several of which one fails", "mode", "{have-prefix: '0', have-suffix: '5'}", "0644", fails},
	})
}

func TestLinePatterns(t *testing.T) {
	t.Parallel()
	const text = "listen 80;\r\nroot /var/www;\n!important\n/etc/\n\\x\n"
	runMatches(t, []matchCase{
		{"a line has it", "contents", "[listen 80]", text, holds},
		{"no line has it", "contents", "[listen 81]", text, fails},
		{"two lines together have it", "contents", `["80;\r\nroot"]`, text, fails},
		{"absent", "contents", `["!listen 443"]`, text, holds},
		{"absent but there", "contents", `["!listen 80"]`, text, fails},
		{"regexp", "contents", `["/listen [0-9]+;$/"]`, text, holds},
		{"regexp not", "contents", `["/^80/"]`, text, fails},
		{"absent regexp", "contents", `["!/listen 4/"]`, text, holds},
		{"absent regexp but there", "contents", `["!/listen 8/"]`, text, fails},
		{"escaped exclamation mark", "contents", `['\!important']`, text, holds},
		{"escaped slash", "contents", `['\/etc/']`, text, holds},
		{"escaped backslash", "contents", `['\\x']`, text, holds},
		{"absent and escaped", "contents", `['!\/usr/']`, text, holds},
		{"all must be met", "contents", `[listen, "!root"]`, text, fails},
		{"a matcher is for the whole text", "body", "[contain-substring: Welcome]", "x\nWelcome\n", holds},
		{"a negated matcher too", "body", "[{not: {contain-substring: x}}]", "x\nWelcome\n", fails},
		{"headers are lines", "headers", "['Content-Type: text/html']", []any{"Content-Type: text/html; charset=utf-8"}, holds},
		{"headers absent", "headers", "['!Server']", []any{"Server: nginx"}, fails},
		{"cron entries are lines", "entries", "[/backup$/]", []any{"0 2 * * * /usr/bin/backup"}, holds},
		{"args are lines", "args", "[master]", []any{"nginx: master process"}, holds},
		{"empty text", "stdout", `["!error"]`, "", holds},
		{"empty text lacks", "stdout", `[x]`, "", fails},
	})
}

func TestNumberMatchers(t *testing.T) {
	t.Parallel()
	runMatches(t, []matchCase{
		{"gt", "restarts", "{gt: 1}", float64(2), holds},
		{"gt same", "restarts", "{gt: 2}", float64(2), fails},
		{"ge same", "restarts", "{ge: 2}", float64(2), holds},
		{"ge less", "restarts", "{ge: 2}", float64(1), fails},
		{"lt", "usage", "{lt: 90}", 89.9, holds},
		{"lt same", "usage", "{lt: 90}", float64(90), fails},
		{"le same", "usage", "{le: 90}", float64(90), holds},
		{"le more", "usage", "{le: 90}", 90.1, fails},
		{"between low", "restarts", "{between: [1, 3]}", float64(1), holds},
		{"between high", "restarts", "{between: [1, 3]}", float64(3), holds},
		{"between out", "restarts", "{between: [1, 3]}", float64(4), fails},
		{"a text that is a number", "stdout", "{ge: 10}", "12\n", holds},
		{"a text that is less as a number", "value", "{ge: 10}", "9", fails},
		{"a text that is no number", "stdout", "{ge: 10}", "many", fails},
		{"a time", "since", `{gt: "2026-01-02T03:04:05Z"}`, "2026-01-02T03:04:05.000001Z", holds},
		{"a time earlier", "since", `{gt: "2026-01-02T03:04:05Z"}`, "2026-01-02T03:04:05.000000Z", fails},
	})
}

func TestListMatchers(t *testing.T) {
	t.Parallel()
	ab := []any{"sudo", "adm", "www"}
	runMatches(t, []matchCase{
		{"subset is the default", "groups", "[adm, sudo]", ab, holds},
		{"subset with one too many", "groups", "[adm, root]", ab, fails},
		{"subset is of whole elements", "groups", "[sud]", ab, fails},
		{"subset of matchers", "groups", "[have-prefix: su]", ab, holds},
		{"subset by name", "groups", "{subset: [adm]}", ab, holds},
		{"subset of nothing there", "groups", "[adm]", []any{}, fails},
		{"go's own slice", "groups", "[adm]", []string{"adm"}, holds},
		{"contain-element", "groups", "{contain-element: adm}", ab, holds},
		{"contain-element not", "groups", "{contain-element: root}", ab, fails},
		{"contain-element matcher", "groups", "{contain-element: {match-regexp: '^w+$'}}", ab, holds},
		{"contain-element of a text is a line", "stdout", "{contain-element: b}", "a\nb\n", holds},
		{"contain-element of a text is the whole line", "stdout", "{contain-element: b}", "a\nbc\n", fails},
		{"contain-elements", "groups", "{contain-elements: [www, adm]}", ab, holds},
		{"contain-elements not", "groups", "{contain-elements: [www, x]}", ab, fails},
		{"consist-of in any order", "groups", "{consist-of: [www, sudo, adm]}", ab, holds},
		{"consist-of too few", "groups", "{consist-of: [www, sudo]}", ab, fails},
		{"consist-of too many", "groups", "{consist-of: [www, sudo, adm, x]}", ab, fails},
		{"consist-of another", "groups", "{consist-of: [www, sudo, x]}", ab, fails},
		{"consist-of overlapping matchers", "groups", "{consist-of: [{match-regexp: .}, {match-regexp: '[ad]'}, sudo]}", ab, holds},
		{"consist-of one element for two items", "groups", "{consist-of: [adm, adm, sudo]}", ab, fails},
		{"not", "groups", "{not: {contain-element: root}}", ab, holds},
	})
}

func TestSizeAndKeyMatchers(t *testing.T) {
	t.Parallel()
	cert := map[string]any{"days-left": float64(30), "san": []any{"a", "b"}, "issuer": nil}
	runMatches(t, []matchCase{
		{"have-len of a list", "addrs", "{have-len: 2}", []any{"a", "b"}, holds},
		{"have-len of an empty list", "addrs", "{have-len: 0}", []any{}, holds},
		{"have-len not", "addrs", "{have-len: 2}", []any{"a"}, fails},
		{"have-len matcher", "addrs", "{have-len: {ge: 1}}", []any{"a"}, holds},
		{"have-len counts characters", "mode", "{have-len: 2}", "äö", holds},
		{"have-key", "certificate", "{have-key: san}", cert, holds},
		{"have-key not", "certificate", "{have-key: subject}", cert, fails},
		{"member", "certificate", "{days-left: {gt: 10}}", cert, holds},
		{"member not", "certificate", "{days-left: {gt: 30}}", cert, fails},
		{"member list", "certificate", "{san: [a]}", cert, holds},
		{"member that is not there", "certificate", "{subject: x}", cert, fails},
		{"member that is null", "certificate", "{issuer: {not: {equal: x}}}", cert, fails},
		{"member of nothing", "certificate", "{subject: x}", nil, fails},
	})
}

func TestLogicMatchers(t *testing.T) {
	t.Parallel()
	runMatches(t, []matchCase{
		{"not", "running", "{not: true}", false, holds},
		{"not so", "running", "{not: true}", true, fails},
		{"and", "restarts", "{and: [{gt: 1}, {lt: 4}]}", float64(3), holds},
		{"and not", "restarts", "{and: [{gt: 1}, {lt: 3}]}", float64(3), fails},
		{"or first", "restarts", "{or: [0, 3]}", float64(0), holds},
		{"or second", "restarts", "{or: [0, {gt: 2}]}", float64(3), holds},
		{"or none", "restarts", "{or: [0, {gt: 3}]}", float64(3), fails},
		{"nested", "groups", "{or: [[root], {and: [[adm], {not: {contain-element: sudo}}]}]}", []any{"adm"}, holds},
		{"what cannot be known does not matter to or", "mode", "{or: ['0644', {unchanged-since: healthy}]}", "0644", holds},
		{"what cannot be known matters to or", "mode", "{or: ['0640', {unchanged-since: healthy}]}", "0644", errored},
		{"what cannot be known does not matter to and", "mode", "{and: [{unchanged-since: healthy}, '0640']}", "0644", fails},
		{"what cannot be known matters to and", "mode", "{and: [{unchanged-since: healthy}, '0644']}", "0644", errored},
		{"not of what cannot be known", "mode", "{not: {unchanged-since: healthy}}", "0644", errored},
	})
}

func TestSemver(t *testing.T) {
	t.Parallel()
	runMatches(t, []matchCase{
		{"a distribution's revision is no prerelease", "versions", "{semver-constraint: '>= 1.22'}", []any{"1.22.1-9+deb12u1"}, holds},
		{"epoch", "versions", "{semver-constraint: '>= 9, < 10'}", []any{"1:9.2p1-2+deb12u3"}, holds},
		{"below", "versions", "{semver-constraint: '>= 1.23'}", []any{"1.22.1-9"}, fails},
		{"every version must fit", "versions", "{semver-constraint: '>= 1.22'}", []any{"1.22.1", "1.18.0"}, fails},
		{"no version", "versions", "{semver-constraint: '>= 0'}", []any{}, fails},
		{"no version at all", "value", "{semver-constraint: '>= 0'}", "abc", fails},
		{"a constraint on prereleases", "value", "{semver-constraint: '>= 1.0.0-rc.2'}", "1.0.0-rc.1", fails},
		{"a text", "stdout", "{semver-constraint: '^1.2'}", "v1.4.0\n", holds},
	})
}

func TestGJSON(t *testing.T) {
	t.Parallel()
	const text = `{"a": {"b": [1, 2, 3]}, "ok": true, "none": null}`
	runMatches(t, []matchCase{
		{"value", "stdout", "{gjson: {a.b.1: 2}}", text, holds},
		{"value not", "stdout", "{gjson: {a.b.1: 3}}", text, fails},
		{"matcher", "stdout", "{gjson: {a.b: {have-len: 3}}}", text, holds},
		{"several paths", "stdout", "{gjson: {a.b.#: {gt: 2}, ok: true}}", text, holds},
		{"several paths, one wrong", "stdout", "{gjson: {a.b.#: {gt: 2}, ok: false}}", text, fails},
		{"list", "stdout", "{gjson: {a.b: [1, 3]}}", text, holds},
		{"nothing there", "stdout", "{gjson: {x: {not: {equal: 1}}}}", text, fails},
		{"null is nothing", "stdout", "{gjson: {none: {not: {equal: 1}}}}", text, fails},
		{"no JSON", "stdout", "{gjson: {a: 1}}", "oops", fails},
		{"of a map", "certificate", "{gjson: {san.0: h}}", map[string]any{"san": []any{"h"}}, holds},
	})
}

func TestSinceMatchers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, attr, expect string
		then, now          any
		want               rules.Status
	}{
		{"unchanged", "mode", "{unchanged-since: healthy}", "0644", "0644", holds},
		{"unchanged but changed", "mode", "{unchanged-since: healthy}", "0644", "0600", fails},
		{"unchanged but was not there", "mode", "{unchanged-since: healthy}", nil, "0600", fails},
		{"unchanged but is gone", "mode", "{unchanged-since: healthy}", "0644", nil, fails},
		{"changed", "mode", "{changed-since: healthy}", "0644", "0600", holds},
		{"changed but is not", "mode", "{changed-since: healthy}", "0644", "0644", fails},
		{"changed from nothing", "mode", "{changed-since: healthy}", nil, "0644", holds},
		{"at-least more", "size", "{at-least: healthy}", float64(9), float64(10), holds},
		{"at-least same", "size", "{at-least: healthy}", float64(9), float64(9), holds},
		{"at-least less", "size", "{at-least: healthy}", float64(9), float64(8), fails},
		{"at-least than nothing", "size", "{at-least: healthy}", nil, float64(8), fails},
		{"at-least a number in a text", "value", "{at-least: healthy}", "9", "10", holds},
		{"at-least a time", "since", "{at-least: healthy}", "2026-01-02T03:04:05.000000Z", "2026-01-02T03:04:06.000000Z", holds},
		{"at-least an earlier time", "since", "{at-least: healthy}", "2026-01-02T03:04:05.000000Z", "2026-01-02T03:04:04.000000Z", fails},
		{"inside a member", "certificate", "{days-left: {unchanged-since: healthy}}", map[string]any{"days-left": 3, "x": 1}, map[string]any{"days-left": 3, "x": 2}, holds},
		{"inside gjson", "stdout", "{gjson: {a: {changed-since: healthy}}}", `{"a": 1}`, `{"a": 2}`, holds},
		{"inside have-len", "groups", "{have-len: {unchanged-since: healthy}}", []any{"a"}, []any{"b"}, holds},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := rule(t, "label: l\n"+attrNoun[c.attr]+"\nexpect: {"+c.attr+": "+c.expect+"}")
			at := map[facts.Checkpoint]facts.Snapshot{facts.Healthy: snap(facts.Healthy, 0, fact(r, map[string]any{c.attr: c.then}))}
			now := snap(facts.After, 0, fact(r, map[string]any{c.attr: c.now}))
			assert.Equal(t, c.want, r.HoldsAt(now, at).Status)

			res := r.HoldsAt(now, nil)
			if c.now != nil {
				assert.Equal(t, errored, res.Status, "without the checkpoint")
				assert.Contains(t, res.Reason, "checkpoint is not in the evidence: healthy")
			}
		})
	}
}

func TestFailuresExplainThemselves(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, attr, expect string
		value              any
		expected, got, why string
	}{
		{"equal", "restarts", "0", 3, "restarts: 0", "restarts: 3", ""},
		{"line", "contents", "[listen 81]", "listen 80;\n", `contents: a line with "listen 81"`, `contents: "listen 80;\n"`, `contents: no line has "listen 81"`},
		{"absent line", "contents", "['!listen']", "listen 80;\n", `contents: no line with "listen"`, `contents: "listen 80;\n"`, `contents: a line has "listen": "listen 80;"`},
		{"subset", "groups", "[adm, root]", []any{"adm"}, `groups: has "adm", has "root"`, `groups: ["adm"]`, `groups: it has no "root"`},
		{"order", "usage", "{lt: 90}", 99.5, "usage: lt 90", "usage: 99.5", ""},
		{"gjson", "stdout", "{gjson: {a: 1}}", `{"a": 2}`, "stdout: gjson a 1", `stdout: "{\"a\": 2}"`, "stdout: a is 2"},
		{"nothing there", "mode", "'0644'", nil, `mode: "0644"`, "mode: nothing", "mode: it has no value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := rule(t, "label: l\n"+attrNoun[c.attr]+"\nexpect: {"+c.attr+": "+c.expect+"}")
			res := r.HoldsAt(snap(facts.After, 0, fact(r, map[string]any{c.attr: c.value})), nil)
			assert.Equal(t, fails, res.Status)
			assert.Equal(t, c.expected, res.Expected)
			assert.Equal(t, c.got, res.Got)
			assert.Equal(t, c.why, res.Reason)
		})
	}
}

// A fact that went through a file answers as it did before.
func TestFactsSurviveJSON(t *testing.T) {
	t.Parallel()
	r := rule(t, "label: l\nhttp: https://h/\nheaders: {X-A: b}\ninsecure: true\nexpect: {status: 200, headers: [Server], certificate: {days-left: {gt: 1}}}")
	s := snap(facts.After, 0, fact(r, map[string]any{"status": 200, "headers": []string{"Server: x"}, "certificate": map[string]any{"days-left": 2}}))
	assert.Equal(t, holds, r.HoldsAt(s, nil).Status)
	b, err := json.Marshal(s)
	require.NoError(t, err)
	var back facts.Snapshot
	require.NoError(t, json.Unmarshal(b, &back))
	assert.Equal(t, holds, r.HoldsAt(back, nil).Status)
	for id, f := range back.Facts {
		assert.Equal(t, id, f.Query.ID())
	}
}
