// Package collect answers queries about the machine it runs on, or about the
// guest whose namespaces it was put into. It reads /proc, sockets, files and
// D-Bus itself and starts a program only where a query is about one.
//
// It is linked into the probe, which runs as root beside an adversary: nothing
// it reads is trusted to be small, well formed or even a file.
package collect
