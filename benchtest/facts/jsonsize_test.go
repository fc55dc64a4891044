package facts_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func TestJSONSize(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text    string
		depth, values int
	}{
		{"nothing", "", 0, 1},
		{"a number", "7", 0, 1},
		{"a list", "[1, 2]", 1, 3},
		{"objects", `{"a": {}, "b": [{}]}`, 3, 6},
		{"what is quoted does not count", `["[,{\"[,", "\\"]`, 1, 3},
		{"never closed", "[[[", 3, 4},
		{"closed too often", "]]][", 0, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			depth, values := facts.JSONSize([]byte(tt.text))
			assert.Equal(t, tt.depth, depth, "depth")
			assert.Equal(t, tt.values, values, "values")
		})
	}
}
