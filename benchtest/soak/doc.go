// Package soak tries how the whole dies: it kills real runs with real
// sandboxes at every moment, counts what is left, and runs suites beside each
// other and for hours. It holds only tests. go test runs a short form of each
// as root, `make soak` the long one; the environment says how long:
//
//	SOAK=1              the long form
//	SOAK_KILLS=N        how often a run is killed, SOAK_BOOTSTRAPS while it
//	                    bootstraps, SOAK_PURGES with its janitor, SOAK_HELPERS
//	                    in part, SOAK_ELEVATED as an ordinary user's, each way
//	SOAK_TOGETHER=N     how often suites that run at once try their scenarios
//	SOAK_ATTEMPTS=N     how many attempts the oracle makes
//	SOAK_SCENARIOS=DIR  at which scenarios; default: the shipped ones
//	SOAK_USER=NAME      an ordinary user who may sudo -n; default: one is made,
//	                    and removed
//
// SOAK_KILLS=N, with SOAK_SEED for other moments, also says how often package
// perf's test kills a suite on fake machines and compares record and database.
//
// scripts/soak.sh is for hours too: it makes the oracle's attempts in many
// processes, and goes on where it was.
package soak
