// Package soak tries how the whole dies: it kills real runs with real
// sandboxes at every moment, counts what is left, and runs suites beside each
// other and for hours. It holds only tests. go test runs a short form of each
// as root, `make soak` the long one; the environment says how long:
//
//	SOAK=1            the long form
//	SOAK_KILLS=N      how often a run is killed
//	SOAK_ATTEMPTS=N   how many attempts the oracle makes
//	SOAK_SCENARIOS=DIR  at which scenarios; default: the shipped ones
//	SOAK_USER=NAME    an ordinary user who may sudo -n, for the kills of the helper
package soak
