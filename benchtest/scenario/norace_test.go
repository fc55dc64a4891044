//go:build !race

package scenario

import "time"

// atOnce is how long any input may take.
const atOnce = time.Second
