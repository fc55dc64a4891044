package providers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/benchtest-dev/benchtest/providers"
)

type pacer struct {
	providers.Provider
	pace float64
}

func (p pacer) Pace() float64 { return p.pace }

func TestStretch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		p    providers.Provider
		want time.Duration
	}{
		{"says nothing", struct{ providers.Provider }{}, time.Minute},
		{"is slow", pacer{pace: 2.5}, 150 * time.Second},
		{"is no slower for being fast", pacer{pace: 0.5}, time.Minute},
	} {
		assert.Equal(t, tt.want, providers.Stretch(tt.p, time.Minute), tt.name)
	}
}
