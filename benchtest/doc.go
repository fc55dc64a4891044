// Package benchtest turns a directory of operations scenarios into ordinary
// Go subtests. A package that holds scenarios needs two small files:
//
//	//go:generate go tool benchtest generate
//
//	func TestMain(m *testing.M) { benchtest.Main(m, benchtest.Config{}) }
//
// and the table that `go tool benchtest generate` writes. Each scenario then
// runs as a subtest: a machine is cloned from a cached template and broken, an
// engine works a ticket on it, and rules judge the machine and the work.
//
// This package is the only production code of the module that knows package
// testing. What happens in one attempt is in package attempt.
package benchtest
