package rules_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

func TestJudgeIntegrity(t *testing.T) {
	t.Parallel()
	changed := func(version string, lines ...any) facts.Answer {
		return facts.Answer{
			Complete: []string{facts.NounPackage},
			Facts: []facts.Fact{
				{Query: rules.IntegrityQuery(), Grade: facts.GradeHost, Attrs: map[string]any{"changed": lines}},
				{Query: facts.Query{Noun: facts.NounPackage, Subject: "nginx"}, Attrs: map[string]any{"versions": []any{version}}},
			},
		}
	}
	broken := func(err error) facts.Answer {
		return facts.Answer{Facts: []facts.Fact{{Query: rules.IntegrityQuery(), Error: err.Error()}}}
	}
	const fake, doc = "nginx /usr/sbin/nginx: 0123", "nginx /usr/share/doc/nginx/copyright: gone"
	intact := changed("1")
	for _, c := range []struct {
		name                 string
		healthy, after, held facts.Answer
		upgrades, ill        bool
		want                 rules.Status
		reason, checkpoint   string
	}{
		{name: "intact", healthy: intact, after: intact, held: intact, want: holds, checkpoint: "held"},
		{name: "a fake", healthy: intact, after: changed("1", fake), held: changed("1", fake), want: fails, reason: "1 files of packages differ", checkpoint: "after"},
		{name: "a fake, later", healthy: intact, after: intact, held: changed("1", fake, doc), want: fails, reason: "2 files of packages differ", checkpoint: "held"},
		{name: "so on the healthy machine", healthy: changed("1", doc), after: changed("1", doc), held: changed("1", doc), want: holds, checkpoint: "held"},
		{name: "back to the package's", healthy: changed("1", doc), after: intact, held: intact, want: holds, checkpoint: "held"},
		{name: "upgraded", healthy: intact, after: changed("2", fake), held: changed("2", fake), upgrades: true, want: holds, checkpoint: "held"},
		{name: "upgraded where nothing can be had", healthy: intact, after: changed("2", fake), held: changed("2", fake), want: fails, reason: "without a change", checkpoint: "after"},
		{name: "destroyed", healthy: intact, after: intact, held: broken(errors.New("no upper layer")), want: fails, reason: "evidence destroyed", checkpoint: "held"},
		{name: "lost with the provider", healthy: intact, after: intact, held: broken(errors.New("no upper layer")), ill: true, want: errored, reason: "no upper layer", checkpoint: "held"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			res, asked := rules.JudgeIntegrity(rules.StateEvidence{
				Healthy: facts.NewSnapshot("web1", facts.Healthy, 0, c.healthy), After: facts.NewSnapshot("web1", facts.After, 0, c.after),
				Held: facts.NewSnapshot("web1", facts.Held, s, c.held), EngineActed: true, ProviderWell: !c.ill,
			}, c.upgrades)
			assert.True(t, asked)
			assert.True(t, res.Required)
			assert.Equal(t, c.want, res.Status, res.Reason)
			assert.Contains(t, res.Reason, c.reason)
			assert.Equal(t, c.checkpoint, res.Checkpoint)
		})
	}
	_, asked := rules.JudgeIntegrity(rules.StateEvidence{Healthy: snap(facts.Healthy, 0), Held: snap(facts.Held, 0)}, false)
	assert.False(t, asked, "re-scored from before there was the question")
	res, asked := rules.JudgeIntegrity(rules.StateEvidence{Healthy: facts.NewSnapshot("web1", facts.Healthy, 0, broken(errors.New("no dpkg database")))}, false)
	assert.True(t, asked)
	assert.False(t, res.Required)
	assert.Equal(t, errored, res.Status)
}
