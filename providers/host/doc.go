// Package host lends machines that are there already: the hosts of an
// inventory, each to one attempt at a time. Nothing is cloned. What an attempt
// does to a host its scenario's restore.* undoes.
//
// Read host.go first, then claim.go, which is how attempts share hosts, and
// inventory.go, which is where the hosts come from.
package host
