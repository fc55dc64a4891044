// Package join puts the running program into the namespaces of a guest, to
// look at it from outside: in its mount, network, host name and IPC
// namespaces, but in none in which the guest's root has power over it. It stays
// out of the user namespace, so that the guest's root may not trace it, and
// out of the PID namespace, so that the guest cannot even name it.
package join
