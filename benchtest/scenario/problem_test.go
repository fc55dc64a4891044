package scenario

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestProblems(t *testing.T) {
	t.Parallel()
	ps := Problems{
		{File: "b", Line: 1, Column: 1, Text: "x"},
		{File: "a", Line: 10, Column: 1, Text: "x"},
		{File: "a", Line: 9, Column: 2, Text: "careful", Warning: true},
		{File: "a", Text: "somewhere"},
		{File: "b", Line: 1, Column: 1, Text: "x"},
	}.Sorted()
	assert.Equal(t, "a:1:1: somewhere\na:9:2: warning: careful\na:10:1: x\nb:1:1: x", ps.Error(), "sorted, and each once")
	assert.EqualError(t, ps.Err(), "a:1:1: somewhere\na:10:1: x\nb:1:1: x")
	assert.NoError(t, ps.Warnings().Err(), "warnings are no error")
	assert.NoError(t, Problems(nil).Err())
	assert.Equal(t, "s/a:9:2: warning: careful", ps.Warnings().Under("s").Error())
	assert.Equal(t, "a", ps[0].File, "Under copies")
}

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `: did you mean "title"?`, didYouMean("titel", []string{"tags", "title"}))
	assert.Equal(t, ": known are a, b", didYouMean("zzzz", []string{"b", "a"}))
	assert.Empty(t, didYouMean("x", nil))
}
