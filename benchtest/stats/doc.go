// Package stats says what numbers of attempts show, and what they do not. It is
// pure: no clock, no I/O, and seeds come in. All intervals are two-sided.
//
// The unit of a suite is the scenario. Attempts at one scenario resemble each
// other, so a suite's rate is the mean over scenarios, and its interval resamples
// scenarios with all their attempts (Miller 2024, arXiv:2411.00640).
package stats
