package providers

import "time"

// A Pacer is a Provider whose machines are slower than those for which limits
// are written, say because their processor is emulated.
type Pacer interface {
	// Pace is how many times longer what a guest does may take: at least 1,
	// and always the same.
	Pace() float64
}

// Stretch is a limit of what a guest does, for machines of p. What an engine
// has to itself is not stretched: its time is what is scored.
func Stretch(p Provider, limit time.Duration) time.Duration {
	return time.Duration(float64(limit) * PaceOf(p))
}

// PaceOf is p's word, 1 where it has none.
func PaceOf(p Provider) float64 {
	if slow, ok := p.(Pacer); ok {
		return max(1, slow.Pace())
	}
	return 1
}
