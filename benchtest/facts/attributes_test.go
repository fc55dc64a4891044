package facts_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func TestNounsAreDocumentedAndUnique(t *testing.T) {
	t.Parallel()
	types := []facts.Type{
		facts.TypeBool, facts.TypeInt, facts.TypeNumber, facts.TypeString,
		facts.TypeText, facts.TypeTime, facts.TypeList, facts.TypeMap,
	}
	nouns := map[string]bool{}
	for _, n := range facts.Nouns() {
		assert.False(t, nouns[n.Name], "noun %s stands twice", n.Name)
		nouns[n.Name] = true
		assert.NotEmpty(t, n.Doc, n.Name)
		assert.NotEmpty(t, n.Subject, n.Name)
		assert.NotEmpty(t, n.Attrs, n.Name)
		names := map[string]bool{}
		for _, a := range n.Attrs {
			assert.False(t, names[a.Name], "%s.%s stands twice", n.Name, a.Name)
			names[a.Name] = true
			assert.Contains(t, types, a.Type, "%s.%s", n.Name, a.Name)
			assert.NotEmpty(t, a.Doc, "%s.%s", n.Name, a.Name)
		}
		for _, p := range n.Params {
			assert.Contains(t, types, p.Type, "%s.%s", n.Name, p.Name)
			assert.NotEmpty(t, p.Doc, "%s.%s", n.Name, p.Name)
		}
	}
	assert.Len(t, nouns, 19)
}

func TestFindNoun(t *testing.T) {
	t.Parallel()
	n, err := facts.FindNoun("service")
	require.NoError(t, err)
	a, ok := n.Attr("main-pid")
	require.True(t, ok)
	assert.Equal(t, facts.TypeInt, a.Type)
	_, ok = n.Attr("main_pid")
	assert.False(t, ok)
	_, ok = n.Param("timeout")
	assert.False(t, ok)

	_, err = facts.FindNoun("database")
	require.ErrorContains(t, err, `noun "database" is not supported by this version`)
	_, err = facts.FindNoun("servce")
	require.ErrorContains(t, err, `unknown noun "servce": want one of service, process`)
}
