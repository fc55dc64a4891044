// Package localtest has what tests of provider local need of the machine they
// run on: an ordinary user, in whose name a helper under sudo does the work.
package localtest
