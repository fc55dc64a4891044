//go:build race

package providers_test

// raceEnabled: crypto costs ten times as much.
const raceEnabled = true
