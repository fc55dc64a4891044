// Package local is the provider that needs no daemon: every clone is a runc
// container with a user namespace, systemd as its PID 1 and an overlay root
// whose upper layer is a file system of the template's disk size.
//
// What it keeps, and where:
//
//	HOME/templates/template-NAME-DIGEST8/  a built template: root/ or layer/, meta.json, build.log
//	HOME/templates/.staging-...            one that is being built
//	HOME/machines/ID/disk.img              the upper layer of a clone
//	/run/benchtest/ID/                     a running machine: mounts, OCI bundle, state
//	/run/benchtest/networks/               the networks of attempts
//	cgroup benchtest/RUN/ID                the monitor and the guest
//
// A clone is made in the caller's process and then belongs to a monitor, the
// same binary started again, which is the parent of the guest's init and
// starts it again when the guest reboots. Everything can be found and removed
// from what is on disk, so a machine outlives its maker and another process
// can destroy it.
package local
