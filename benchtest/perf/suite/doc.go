// Package suite holds no code: its test binary is the suite that package perf
// measures on the fake provider, in a directory full of generated scenarios.
// As an ordinary test it skips.
package suite
