package providers

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// TestAnswerIsMeasuredBeforeItIsDecoded: answers that are within the bytes
// allowed and would cost gigabytes.
func TestAnswerIsMeasuredBeforeItIsDecoded(t *testing.T) {
	t.Parallel()
	for name, said := range map[string]string{
		"facts":  `{"facts":[` + strings.Repeat("{},", 5<<20) + `{}]}`,
		"values": `{"facts":[{"attrs":{"a":[` + strings.Repeat("0,", 7<<20) + `0]}}]}`,
		"levels": `{"facts":[{"attrs":{"a":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Less(t, len(said), maxAnswer)
			_, err := decodeAnswer([]byte(said), facts.Request{}, guestGrade)
			require.ErrorIs(t, err, ErrTooLarge)
		})
	}
	_, err := decodeAnswer([]byte(`{"facts":[{"raw":"`+strings.Repeat("[,{", 1<<20)+`"}]}`), facts.Request{}, guestGrade)
	require.NoError(t, err, "brackets in a text are no values")
}
