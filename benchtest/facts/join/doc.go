// Package join runs a program beside a guest, to look at it from outside: in
// its network, host name and IPC namespaces, with its file tree as root
// directory, but in no namespace in which the guest's root has power over it.
// It stays out of the user namespace, so that the guest's root may not trace
// it, and out of the PID namespace, so that the guest cannot even name it. It
// stays out of the mount namespace too: what a program reads before its main
// function runs is then the host's.
package join
