// Package bastion is the only way of an engine to its sandboxes: an SSH server
// in the driver, behind one Unix socket an attempt, that knows this attempt's
// hosts and key. What an engine runs is therefore observed and never merely
// believed: every request is recorded before it is forwarded to the guest.
//
// The guest is hostile (the engine is root there) and so is the client. Neither
// can make the bastion hold more than its Limits, reach another guest, or leave
// a command out of the record.
package bastion
