// Package lima makes virtual machines with limactl, on Linux and macOS.
//
// A template is a stopped instance of limactl's, made once from a disk image of
// package image, or as a copy of its base's instance. Where the driver is QEMU it
// also keeps the state of its booted guest (memory and disk), and a clone with
// the template's own size goes on from there instead of booting: it is ready in
// seconds, also under software emulation. What such a clone would share with
// its siblings (keys, names, machine ID, clock, random numbers) is replaced
// before anybody else reaches it.
//
// Nothing of the driver's home directory is seen in a guest, no port of it is
// forwarded but that of its SSH server, and without a network QEMU itself keeps
// the guest from the world. Everything that limactl starts for us carries the
// instance's directory in its environment, so that what a killed driver left
// behind is found by that mark.
package lima
