package rules

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Of a long text only the beginning is put into quotes, and nobody can tell.
func TestShowOfALongText(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"a", "\n", "\"", "é", "日", "😀", "\xff", "\xf0\x9f", "\u200b", "\x00"}
	for range 5000 {
		var b strings.Builder
		for range shown - 20 + rnd.IntN(40) {
			b.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		require.Equal(t, clip(strconv.Quote(b.String()), shown), show(b.String()))
	}
}

func TestNormal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ v, want any }{
		"as it was decoded":    {map[string]any{"a": []any{1.5, nil, true, "x"}}, map[string]any{"a": []any{1.5, nil, true, "x"}}},
		"an int within a list": {[]any{"x", []any{1}}, []any{"x", []any{1.0}}},
		"strings":              {map[string]any{"a": []string{"x"}}, map[string]any{"a": []any{"x"}}},
		"no JSON":              {func() {}, nil},
	} {
		got := normal(c.v)
		if c.want == nil {
			assert.IsType(t, "", got, name)
			continue
		}
		assert.Equal(t, c.want, got, name)
	}
}
