package page

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestUsageTicks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		total time.Duration
		ticks int
		first Text
	}{
		{500 * time.Millisecond, 0, ""},
		{5 * time.Second, 4, "1s"},
		{10 * time.Minute, 4, "2m"},
		{30 * 24 * time.Hour, 7, "96h"},
		{math.MaxInt64, 6, "393216h"}, // what years come to that are not known
	} {
		ticks := usageTicks(c.total)
		assert.Len(t, ticks, c.ticks, c.total)
		if len(ticks) > 0 {
			assert.Equal(t, c.first, ticks[0].Text)
		}
	}
}
