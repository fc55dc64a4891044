package scenario

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema()
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("scenario.json", doc))
	schema, err := c.Compile("scenario.json")
	require.NoError(t, err)
	return schema
}

func asJSON(t *testing.T, data []byte) []byte {
	t.Helper()
	var v any
	require.NoError(t, yaml.Unmarshal(data, &v))
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

func valid(t *testing.T, schema *jsonschema.Schema, data []byte) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	return schema.Validate(doc)
}

func TestSchemaIsDeterministic(t *testing.T) {
	t.Parallel()
	first, err := Schema()
	require.NoError(t, err)
	again, err := Schema()
	require.NoError(t, err)
	assert.Equal(t, first, again)

	// The rules' part is as long as their vocabulary, and is theirs to test.
	var own map[string]any
	require.NoError(t, json.Unmarshal(first, &own))
	defs, _ := own["$defs"].(map[string]any)
	assert.NotEmpty(t, defs["state"])
	assert.NotEmpty(t, defs["compliance"])
	delete(defs, "state")
	delete(defs, "compliance")
	got, err := json.MarshalIndent(own, "", "  ")
	require.NoError(t, err)
	golden(t, "schema.golden", append(got, '\n'))
}

// Every scenario that is shipped, and those of testdata/suite.
func TestSchemaTakesWhatLoads(t *testing.T) {
	t.Parallel()
	schema := compiledSchema(t)
	checked := 0
	for _, pattern := range []string{"testdata/suite/*/*/scenario.*", "../../scenarios/*/*/scenario.*"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files, pattern)
		for _, file := range files {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			if filepath.Ext(file) == ".yaml" {
				data = asJSON(t, data)
			}
			assert.NoError(t, valid(t, schema, data), file)
			checked++
		}
	}
	assert.GreaterOrEqual(t, checked, 3)
}

func TestSchemaRefusesWhatDoesNotLoad(t *testing.T) {
	t.Parallel()
	schema := compiledSchema(t)
	require.NoError(t, valid(t, schema, asJSON(t, []byte(minimal))))
	for _, test := range []struct{ name, add string }{
		{"misspelt field", "titel: T"},
		{"misspelt field of a host", "hosts: [{hostname: web1}]"},
		{"misspelt timeout", "timeouts: {engin: 3m}"},
		{"time without a unit", "timeouts: {engine: 3}"},
		{"value that is none", "expect: broken"},
		{"tag with a comma", "tags: ['a,b']"},
		{"key of three parts", "key: a/b/c"},
		{"no reason", "integrity: {}"},
		{"misspelt noun", "state: [{label: up, servise: nginx, expect: {running: true}}]"},
		{"misspelt attribute", "state: [{label: up, service: nginx, expect: {runs: true}}]"},
		{"rule without a label", "state: [{service: nginx, expect: {running: true}}]"},
		{"misspelt validator", "validation: {job: [{label: ok, validator: job_status, pattern: success}]}"},
		{"misspelt where", "validation: {tasks: [{label: ok, validator: pattern_match, where: commands, pattern: x}]}"},
		{"unknown scope", "validation: {ticket: []}"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Error(t, valid(t, schema, asJSON(t, []byte(minimal+test.add+"\n"))))
			_, problems := Load(mapOf("g/a/scenario.yaml", minimal+test.add+"\n"), LoadOptions{})
			assert.Error(t, problems.Err(), "and neither does Load")
		})
	}
}
