// Package image makes what templates stand on: root file systems and bootable
// disks, from Debian packages or from what a user has. Each is made once and
// kept by its content, for every provider.
package image
