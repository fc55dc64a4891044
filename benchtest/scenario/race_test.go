//go:build race

package scenario

import "time"

// atOnce is how long any input may take; the race detector makes a parser ten
// times slower.
const atOnce = 10 * time.Second
