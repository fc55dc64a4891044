package rules_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// seen and said make commands of one string each; the words are split.
func seen(lines ...string) []rules.Command { return commands(rules.Observed, lines) }
func said(lines ...string) []rules.Command { return commands(rules.SelfReported, lines) }

func commands(e rules.Evidence, lines []string) []rules.Command {
	var out []rules.Command
	for _, line := range lines {
		out = append(out, rules.Command{Argv: strings.Split(line, " "), Evidence: e})
	}
	return out
}

// job is one that left everything.
func job() rules.Job {
	return rules.Job{
		Resolution: rules.Success, Plan: "look, then mend", Messages: []string{"Looking.", "Mended the config."},
		Usage: rules.Usage{InputTokens: 1000, OutputTokens: 200, CostUSD: 0.5, Turns: 7},
		Tasks: []rules.Task{
			{Host: "web1", Agent: "ops", Description: "find the cause", Plan: "read the log", Summary: "a semicolon", Rules: "be careful", Commands: seen("journalctl -u nginx", "sudo nginx -t")},
			{Host: "web2", Summary: "all well", Commands: seen("systemctl restart nginx")},
		},
		Gateway: rules.GatewayRecord{Status: "Resolved", Messages: []string{"On it."}, Summary: "was a typo"},
	}
}

var observed = rules.CheckOptions{ObservedPossible: true, Duration: time.Minute}

func TestPatternMatchWhere(t *testing.T) {
	t.Parallel()
	for where, c := range map[rules.Where]struct {
		pattern  string
		evidence rules.Evidence
	}{
		rules.ExecutedCommands: {`^sudo NGINX -t$`, rules.Observed},
		rules.TaskSummary:      {"semicolon", rules.SelfReported},
		rules.TaskDescription:  {"find the cause", rules.SelfReported},
		rules.TaskPlan:         {"read the log", rules.SelfReported},
		rules.AgentMessages:    {"^mended", rules.SelfReported},
		rules.JobResolution:    {"^success$", rules.Observed},
		rules.JobPlan:          {"then mend", rules.SelfReported},
		rules.GatewayMessages:  {"on it", rules.Observed},
		rules.GatewaySummary:   {"typo", rules.Observed},
		rules.OperationalRules: {"careful", rules.SelfReported},
	} {
		for _, scope := range []rules.Scope{rules.ScopeGateway, rules.ScopeJob, rules.ScopeTasks} {
			t.Run(string(where)+"/"+string(scope), func(t *testing.T) {
				t.Parallel()
				text := "{label: l, validator: pattern_match, where: " + string(where) + ", pattern: '" + c.pattern + "'}"
				yes := complianceRule(t, scope, text)
				res := yes.Check(job(), observed)
				assert.Equal(t, holds, res.Status, "%+v", res)
				assert.Equal(t, c.evidence, res.Evidence)
				assert.Equal(t, scope, res.Scope)

				not := complianceRule(t, scope, strings.Replace(text, "}", ", negate: true}", 1))
				assert.Equal(t, fails, not.Check(job(), observed).Status, "negated")

				other := complianceRule(t, scope, "{label: l, validator: pattern_match, where: "+string(where)+", pattern: 'nowhere to be seen'}")
				assert.Equal(t, fails, other.Check(job(), observed).Status)

				for _, empty := range []rules.Compliance{yes, not} {
					res := empty.Check(rules.Job{}, rules.CheckOptions{})
					assert.Equal(t, fails, res.Status, "nothing was left, negate: %v", empty.Negate)
					assert.Contains(t, res.Reason, "the engine left no "+string(where))
				}
			})
		}
	}
	assert.Len(t, rules.Wheres(), 10)
}

func TestTasksScope(t *testing.T) {
	t.Parallel()
	const restart = "label: l, validator: pattern_match, where: executed_commands, pattern: 'restart nginx'"
	const both = "label: l, validator: pattern_match, where: executed_commands, pattern: 'nginx -t\\nsystemctl restart'"
	for _, c := range []struct {
		name, rule string
		scope      rules.Scope
		job        rules.Job
		opts       rules.CheckOptions
		want       rules.Status
	}{
		{"one task is enough", restart, rules.ScopeTasks, job(), observed, holds},
		{"negate turns the whole answer round", restart + ", negate: true", rules.ScopeTasks, job(), observed, fails},
		{"no task", "label: l, validator: pattern_match, where: task_summary, pattern: 'x{9}', negate: true", rules.ScopeTasks, job(), observed, holds},
		{"a task is looked at alone", both, rules.ScopeTasks, job(), observed, fails},
		{"a job as a whole", both, rules.ScopeJob, job(), observed, holds},
		{"no tasks, nothing done, observed", restart + ", negate: true", rules.ScopeTasks, rules.Job{}, observed, holds},
		{"no tasks, nothing done, observed, wanted", restart, rules.ScopeTasks, rules.Job{}, observed, fails},
		{"no tasks, not observed", restart + ", negate: true", rules.ScopeTasks, rules.Job{}, rules.CheckOptions{}, fails},
		{"a task without a summary is passed over", "label: l, validator: pattern_match, where: task_description, pattern: cause, negate: true", rules.ScopeTasks, job(), observed, fails},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := complianceRule(t, c.scope, "{"+c.rule+"}")
			assert.Equal(t, c.want, r.Check(c.job, c.opts).Status)
		})
	}
}

func TestEvidenceOfCommands(t *testing.T) {
	t.Parallel()
	const tested = "label: l, validator: pattern_match, where: executed_commands, pattern: 'nginx -t'"
	sayer := rules.Job{Tasks: []rules.Task{{Commands: said("nginx -t")}}}
	mixed := rules.Job{Tasks: []rules.Task{{Commands: append(seen("ls"), said("nginx -t")...)}}}
	doer := rules.Job{Tasks: []rules.Task{{Commands: seen("nginx -t")}}}
	unmarked := rules.Job{Tasks: []rules.Task{{Commands: []rules.Command{{Argv: []string{"nginx", "-t"}}}}}}
	strict := rules.CheckOptions{RequireObserved: true}
	for _, c := range []struct {
		name, rule string
		job        rules.Job
		opts       rules.CheckOptions
		want       rules.Status
		evidence   rules.Evidence
	}{
		{"observed", tested, doer, observed, holds, rules.Observed},
		{"said where we could see", tested, sayer, observed, fails, rules.Observed},
		{"said beside what we saw", tested, mixed, observed, fails, rules.Observed},
		{"said where we could not see", tested, sayer, rules.CheckOptions{}, holds, rules.SelfReported},
		{"what is not marked is said", tested, unmarked, rules.CheckOptions{}, holds, rules.SelfReported},
		{"said, negated, where we could not see", tested + ", negate: true", sayer, rules.CheckOptions{}, fails, rules.SelfReported},
		{"observed is required and there", tested, doer, strict, holds, rules.Observed},
		{"observed is required and not there", tested, sayer, strict, fails, rules.SelfReported},
		{"observed is required of required rules only", tested + ", required: false", sayer, strict, holds, rules.SelfReported},
		{"observed is required, negated", "label: l, validator: pattern_match, where: executed_commands, pattern: reboot, negate: true", sayer, strict, fails, rules.SelfReported},
		{"a summary is the engine's word", "label: l, validator: pattern_match, where: task_summary, pattern: semicolon", job(), strict, fails, rules.SelfReported},
		{"what is handed in we see", "label: l, validator: job_resolution_status, pattern: success", job(), strict, holds, rules.Observed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := complianceRule(t, rules.ScopeJob, "{"+c.rule+"}")
			res := r.Check(c.job, c.opts)
			assert.Equal(t, c.want, res.Status, "%+v", res)
			assert.Equal(t, c.evidence, res.Evidence)
		})
	}
}

func TestValidators(t *testing.T) {
	t.Parallel()
	none := rules.Job{}
	looped := rules.Job{Tasks: []rules.Task{{Host: "a", Commands: seen("ls", "ls", "ls")}, {Host: "b", Commands: seen("ls")}}}
	with := func(r rules.Resolution) rules.Job { return rules.Job{Resolution: r} }
	for _, c := range []struct {
		name, rule string
		job        rules.Job
		want       rules.Status
	}{
		{"resolution", "validator: job_resolution_status, pattern: success", job(), holds},
		{"resolution other", "validator: job_resolution_status, pattern: partial", job(), fails},
		{"resolution negated", "validator: job_resolution_status, pattern: hard_failure, negate: true", job(), holds},
		{"resolution, old word in the rule", "validator: job_resolution_status, pattern: no_tasks_created", with(rules.NoAction), holds},
		{"resolution, old word in the job", "validator: job_resolution_status, pattern: no_action", with("no_tasks_created"), holds},
		{"resolution not left", "validator: job_resolution_status, pattern: success, negate: true", none, fails},

		{"task_count min", "validator: task_count, min: 2", job(), holds},
		{"task_count min not", "validator: task_count, min: 3", job(), fails},
		{"task_count max", "validator: task_count, max: 2", job(), holds},
		{"task_count max not", "validator: task_count, max: 1", job(), fails},
		{"task_count both", "validator: task_count, min: 1, max: 3", job(), holds},
		{"task_count equal", "validator: task_count, equal: 2", job(), holds},
		{"task_count equal not", "validator: task_count, equal: 1", job(), fails},
		{"task_count none", "validator: task_count, equal: 0", none, holds},

		{"command", "validator: command, argv: [nginx, -t]", job(), holds},
		{"command with other arguments", "validator: command, argv: [nginx, -T]", job(), fails},
		{"command by pattern", "validator: command, pattern: '^systemctl (re)?start nginx$'", job(), holds},
		{"forbidden_command", "validator: forbidden_command, argv: [apt-get, install]", job(), holds},
		{"forbidden_command was run", "validator: forbidden_command, argv: [systemctl, restart]", job(), fails},
		{"forbidden_command by pattern", "validator: forbidden_command, pattern: journalctl", job(), fails},
		{"order on one host", "validator: order, first: [journalctl], then: [nginx, -t]", job(), holds},
		{"order the wrong way", "validator: order, first: [nginx, -t], then: [journalctl]", job(), fails},
		{"order is of one host", "validator: order, first: [nginx, -t], then: [systemctl, restart]", job(), fails},
		{"order of what never ran", "validator: order, first: [nginx, -t], then: [reboot]", job(), holds},
		{"order by patterns", "validator: order, first: journalctl, then: 'nginx -t'", job(), holds},
		{"max_count", "validator: max_count, argv: [ls], max: 4", looped, holds},
		{"max_count over", "validator: max_count, argv: [ls], max: 3", looped, fails},
		{"no_loop", "validator: no_loop", looped, holds},
		{"no_loop on one host", "validator: no_loop, times: 3", looped, fails},
		{"no_loop on two hosts together", "validator: no_loop, times: 4", looped, holds},
		{"max_turns", "validator: max_turns, max: 7", job(), holds},
		{"max_turns over", "validator: max_turns, max: 6", job(), fails},
		{"max_turns not said", "validator: max_turns, max: 6", none, fails},
		{"max_tokens", "validator: max_tokens, max: 1200", job(), holds},
		{"max_tokens over", "validator: max_tokens, max: 1199", job(), fails},
		{"max_cost", "validator: max_cost, max: 0.5", job(), holds},
		{"max_cost over", "validator: max_cost, max: 0.49", job(), fails},
		{"max_cost not said, negated", "validator: max_cost, max: 0.49, negate: true", none, fails},
		{"max_duration", "validator: max_duration, max: 1m", none, holds},
		{"max_duration over", "validator: max_duration, max: 59s", none, fails},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := complianceRule(t, rules.ScopeJob, "{label: l, "+c.rule+"}")
			res := r.Check(c.job, observed)
			assert.Equal(t, c.want, res.Status, "%+v", res)
			assert.Equal(t, rules.ScopeJob, res.Scope)
			if res.Status == fails {
				assert.NotEmpty(t, res.Expected)
				assert.NotEmpty(t, res.Got+res.Reason)
			}
		})
	}
}

func TestTicketStatus(t *testing.T) {
	t.Parallel()
	r := complianceRule(t, rules.ScopeGateway, "{label: l, validator: ticket_status, pattern: in_progress}")
	for status, want := range map[string]rules.Status{"In Progress": holds, "in-progress": holds, "Resolved": fails, "": fails} {
		assert.Equal(t, want, r.Check(rules.Job{Gateway: rules.GatewayRecord{Status: status}}, observed).Status, status)
	}
}

func TestComplianceAtTheMatchLimit(t *testing.T) {
	t.Parallel()
	r := complianceRule(t, rules.ScopeJob, "{label: l, validator: pattern_match, where: job_plan, pattern: '(?=a)(a+)+$'}")
	res := r.Check(rules.Job{Plan: strings.Repeat("a", 60) + "!"}, observed)
	assert.Equal(t, errored, res.Status)
	assert.Contains(t, res.Reason, "match limit")
}

func TestParseComplianceProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"empty", "{}", []string{
			"1:1: a compliance rule needs a label",
			"1:1: a compliance rule needs a validator, one of pattern_match, job_resolution_status, task_count, command, forbidden_command, order, max_count, no_loop, max_turns, max_tokens, max_cost, max_duration",
		}},
		{"list", "[]", []string{"1:1: compliance rule: want a mapping, got a list"}},
		{"misspelt validator", "{label: l, validator: patern_match}", []string{`1:23: unknown validator "patern_match": did you mean "pattern_match"?`}},
		{"gateway only", "{label: l, validator: ticket_status, pattern: x}", []string{"1:23: validator ticket_status stands in the scope gateway only, not in job"}},
		{"missing parameters", "{label: l, validator: pattern_match}", []string{
			"1:1: pattern_match needs where: one of executed_commands, task_summary, task_description, task_plan, agent_messages, job_resolution, job_plan, gateway_messages, gateway_summary, operational_rules",
			"1:1: pattern_match needs pattern: a regular expression",
		}},
		{"misspelt where", "{label: l, validator: pattern_match, where: executed_command, pattern: x}", []string{`1:45: unknown value of where "executed_command": did you mean "executed_commands"?`}},
		{"bad pattern", "{label: l, validator: pattern_match, where: job_plan, pattern: 'a('}", []string{"1:64: pattern: compile pattern: error parsing regexp: missing closing ): `(?i)a(`"}},
		{"empty pattern", "{label: l, validator: pattern_match, where: job_plan, pattern: ''}", []string{"1:64: pattern: it is empty"}},
		{"misspelt field", "{label: l, validator: pattern_match, were: job_plan, where: job_plan, pattern: x}", []string{`1:38: pattern_match: unknown field "were": did you mean "where"?`}},
		{"bad resolution", "{label: l, validator: job_resolution_status, pattern: sucxess}", []string{`1:55: pattern: unknown resolution "sucxess": did you mean "success"?`}},
		{"count without a number", "{label: l, validator: task_count}", []string{"1:1: task_count needs min, max or equal"}},
		{"count of a word", "{label: l, validator: task_count, min: two}", []string{`1:40: min: want a whole number, got "two"`}},
		{"negative count", "{label: l, validator: task_count, min: -1}", []string{"1:40: min: want a number of at least 0, got -1"}},
		{"equal with min", "{label: l, validator: task_count, min: 1, equal: 1}", []string{"1:50: equal stands alone, without min and max"}},
		{"min above max", "{label: l, validator: task_count, min: 3, max: 2}", []string{"1:1: task_count: min 3 is greater than max 2"}},
		{"command of nothing", "{label: l, validator: command}", []string{"1:1: command needs argv, such as [nginx, -t], or pattern"}},
		{"command of both", "{label: l, validator: command, argv: [a], pattern: a}", []string{"1:1: command: argv and pattern exclude each other"}},
		{"argv as a text", "{label: l, validator: command, argv: nginx -t}", []string{`1:38: argv: want a list with at least one item, got "nginx -t"`}},
		{"loop of one", "{label: l, validator: no_loop, times: 1}", []string{"1:39: times: at least 2, got 1"}},
		{"negative cost", "{label: l, validator: max_cost, max: -1}", []string{"1:38: max: a limit is not negative, got -1"}},
		{"duration", "{label: l, validator: max_duration, max: 5}", []string{`1:42: max: "5" has no unit: did you mean 5s?`}},
		{"negate is no bool", "{label: l, validator: no_loop, negate: 1}", []string{`1:40: negate: want true or false, got "1"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var n yaml.Node
			require.NoError(t, yaml.Unmarshal([]byte(c.text), &n))
			_, problems := rules.ParseCompliance(rules.ScopeJob, &n)
			assert.Equal(t, c.want, places(problems))
		})
	}
	_, problems := rules.ParseCompliance("state", &yaml.Node{Kind: yaml.MappingNode})
	assert.NotEmpty(t, problems)
	_, problems = rules.ParseCompliance(rules.ScopeJob, nil)
	assert.Len(t, problems, 1)
}

func TestComplianceSource(t *testing.T) {
	t.Parallel()
	const text = "{label: l, validator: order, first: [nginx, '-t'], then: restart, negate: true, required: false}"
	c := complianceRule(t, rules.ScopeTasks, text)
	back, err := rules.ComplianceFromSource(rules.ScopeTasks, c.Source)
	require.NoError(t, err)
	assert.Equal(t, c, back)
	other := complianceRule(t, rules.ScopeJob, text)
	assert.NotEqual(t, rules.Digest(nil, []rules.Compliance{c}), rules.Digest(nil, []rules.Compliance{other}), "the scope counts")
}

func TestComplianceCannotFail(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"validator: pattern_match, where: job_plan, pattern: '.*'":               true,
		"validator: pattern_match, where: job_plan, pattern: 'x*'":               true,
		"validator: pattern_match, where: job_plan, pattern: '^'":                true,
		"validator: pattern_match, where: job_plan, pattern: '^$'":               false,
		"validator: pattern_match, where: job_plan, pattern: 'a.*'":              false,
		"validator: pattern_match, where: job_plan, pattern: '.*', negate: true": false,
		"validator: task_count, min: 0":                                          true,
		"validator: task_count, min: 1":                                          false,
		"validator: task_count, min: 0, max: 9":                                  false,
		"validator: job_resolution_status, pattern: success":                     false,
	} {
		c := complianceRule(t, rules.ScopeJob, "{label: l, "+text+"}")
		assert.Equal(t, want, c.CannotFail(), text)
	}
	var zero rules.Compliance
	assert.False(t, zero.CannotFail())
	assert.Equal(t, errored, zero.Check(job(), observed).Status)
}
