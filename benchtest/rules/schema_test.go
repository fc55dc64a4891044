package rules_test

import (
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// compile embeds a fragment two levels deep, as the schema of a scenario does.
func compile(t *testing.T, fragment map[string]any) *jsonschema.Schema {
	t.Helper()
	b, err := json.Marshal(map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"$ref":    "#/$defs/rule",
		"$defs":   map[string]any{"rule": fragment},
	})
	require.NoError(t, err)
	var doc any
	require.NoError(t, json.Unmarshal(b, &doc))
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("mem:///rule.json", doc))
	s, err := c.Compile("mem:///rule.json")
	require.NoError(t, err)
	return s
}

// The schema and the reader must agree on every rule here.
func TestStateSchemaAgreesWithTheReader(t *testing.T) {
	t.Parallel()
	s := compile(t, rules.StateSchema())
	for _, c := range []struct {
		text string
		good bool
	}{
		{"{label: l, service: nginx, expect: {running: true, enabled: true}, within: 20s, for: 5s}", true},
		{"{label: l, http: 'http://127.0.0.1/', expect: {status: 200, body: [contain-substring: Welcome]}}", true},
		{"{label: l, file: /f, expect: {sha256: {unchanged-since: healthy}}, before: holds}", true},
		{"{label: l, file: /f, expect: {mode: {or: ['0644', {not: {have-prefix: '06'}}]}, contents: ['!x', '/y/']}}", true},
		{"{label: l, port: 80, expect: {listening: true, ip: [0.0.0.0]}, on: web1, as: u, required: false, negate: true}", true},
		{"{label: l, package: p, expect: {versions: {semver-constraint: '> 1'}}}", true},
		{"{label: l, mount: /, expect: {usage: {between: [1, 2.5]}, options: {consist-of: [rw, {have-prefix: x}]}}}", true},
		{"{label: l, command: x, timeout: 5s, expect: {stdout: {gjson: {a.b: {have-len: {ge: 1}}, c: [1]}}}}", true},
		{"{label: l, http: u, headers: {A: b}, insecure: true, expect: {certificate: {days-left: {gt: 3}}, headers: [Server, '!X']}}", true},
		{"{label: l, journal: '*', since: faulted, pattern: error, expect: {count: {le: 3}}}", true},
		{"{label: l, service: a, expect: {since: {gt: '2026-01-02T03:04:05Z'}}}", true},

		{"{service: nginx, expect: {running: true}}", false},
		{"{label: l, expect: {running: true}}", false},
		{"{label: l, service: nginx}", false},
		{"{label: l, service: nginx, expect: {}}", false},
		{"{label: l, servce: nginx, expect: {running: true}}", false},
		{"{label: l, service: nginx, expect: {runnng: true}}", false},
		{"{label: l, service: nginx, expect: {running: 1}}", false},
		{"{label: l, service: nginx, expect: {running: true}, withn: 5s}", false},
		{"{label: l, service: nginx, expect: {running: true}, within: soon}", false},
		{"{label: l, service: nginx, expect: {running: true}, before: fail}", false},
		{"{label: l, service: nginx, port: 80, expect: {running: true}}", false},
		{"{label: l, file: /f, expect: {mode: {have-prefx: '0'}}}", false},
		{"{label: l, file: /f, expect: {mode: {unchanged-since: held}}}", false},
		{"{label: l, file: /f, expect: {mode: {not: {or: [{has-prefix: x}]}}}}", false},
		{"{label: l, service: a, expect: {running: {gt: 1}}}", false},
		{"{label: l, dns: h, expect: {addrs: []}}", false},
		{"{label: l, dns: h, expect: {addrs: x}}", false},
		{"{label: l, command: x, method: GET, expect: {exit-status: 0}}", false},
		{"{label: l, command: x, timeout: 5, expect: {exit-status: 0}}", false},
	} {
		t.Run(c.text, func(t *testing.T) {
			t.Parallel()
			agree(t, s, c.text, c.good)
			_, problems := parse(t, c.text)
			assert.Equal(t, c.good, len(problems) == 0, "%v", problems)
		})
	}
}

func agree(t *testing.T, s *jsonschema.Schema, text string, good bool) {
	t.Helper()
	var doc any
	require.NoError(t, yaml.Unmarshal([]byte(text), &doc))
	err := s.Validate(doc)
	if good {
		require.NoError(t, err)
	} else {
		require.Error(t, err)
	}
}

func TestComplianceSchemaAgreesWithTheReader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scope rules.Scope
		text  string
		good  bool
	}{
		{rules.ScopeJob, "{label: l, validator: job_resolution_status, pattern: success}", true},
		{rules.ScopeTasks, "{label: l, validator: pattern_match, where: executed_commands, pattern: 'nginx -t', negate: true, required: false}", true},
		{rules.ScopeGateway, "{label: l, validator: ticket_status, pattern: resolved}", true},
		{rules.ScopeJob, "{label: l, validator: task_count, min: 1, max: 3}", true},
		{rules.ScopeJob, "{label: l, validator: order, first: [nginx, -t], then: restart}", true},
		{rules.ScopeJob, "{label: l, validator: command, argv: [nginx, -t], status: 0}", true},
		{rules.ScopeJob, "{label: l, validator: max_duration, max: 5m}", true},
		{rules.ScopeJob, "{label: l, validator: no_loop}", true},

		{rules.ScopeJob, "{label: l, validator: ticket_status, pattern: resolved}", false},
		{rules.ScopeJob, "{label: l, validator: patern_match, where: job_plan, pattern: x}", false},
		{rules.ScopeJob, "{label: l, validator: pattern_match, where: jobplan, pattern: x}", false},
		{rules.ScopeJob, "{label: l, validator: pattern_match, where: job_plan}", false},
		{rules.ScopeJob, "{label: l, validator: pattern_match, where: job_plan, patern: x, pattern: x}", false},
		{rules.ScopeJob, "{validator: no_loop}", false},
		{rules.ScopeJob, "{label: l, validator: task_count, min: -1}", false},
		{rules.ScopeJob, "{label: l, validator: max_duration, max: 5}", false},
		{rules.ScopeJob, "{label: l, validator: job_resolution_status, pattern: sucxess}", false},
	} {
		t.Run(string(c.scope)+c.text, func(t *testing.T) {
			t.Parallel()
			agree(t, compile(t, rules.ScopeSchema(c.scope)), c.text, c.good)
			var n yaml.Node
			require.NoError(t, yaml.Unmarshal([]byte(c.text), &n))
			_, problems := rules.ParseCompliance(c.scope, &n)
			assert.Equal(t, c.good, len(problems) == 0, "%v", problems)
			if c.good {
				agree(t, compile(t, rules.ComplianceSchema()), c.text, true)
			}
		})
	}
}
