package image

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A distribution is one release as its archive has it.
type distribution struct {
	suite, mirror, components string
	keyring                   string // the file on the host, and the package that has it
	keyringPackage            string
	kernel                    []string // packages that bring a kernel and its initrd
}

// names are the releases that a template's base may name.
var names = map[string]string{
	"debian-11": "bullseye", "debian-12": "bookworm", "debian-13": "trixie",
	"ubuntu-22.04": "jammy", "ubuntu-24.04": "noble",
}

// Names lists the releases that a template's base may name, sorted.
func Names() []string { return slices.Sorted(maps.Keys(names)) }

// Suite is the suite of a release that Names lists, or "".
func Suite(name string) string { return names[name] }

// distributionOf knows Ubuntu's suites by name; any other is Debian's.
func distributionOf(suite string) distribution {
	for name, ubuntu := range names {
		if ubuntu != suite || !strings.HasPrefix(name, "ubuntu-") {
			continue
		}
		mirror := "http://archive.ubuntu.com/ubuntu"
		if arch != "amd64" {
			mirror = "http://ports.ubuntu.com/ubuntu-ports"
		}
		return distribution{
			suite: suite, mirror: mirror, components: "main universe", kernel: []string{"linux-image-virtual", "initramfs-tools"},
			keyring: "/usr/share/keyrings/ubuntu-archive-keyring.gpg", keyringPackage: "ubuntu-keyring",
		}
	}
	return distribution{
		suite: suite, mirror: "http://deb.debian.org/debian", components: "main", kernel: []string{"linux-image-cloud-" + arch},
		keyring: "/usr/share/keyrings/debian-archive-keyring.gpg", keyringPackage: "debian-archive-keyring",
	}
}

func (d distribution) String() string {
	for name, suite := range names {
		if suite == d.suite {
			return fmt.Sprintf("%s (%s)", name, suite)
		}
	}
	return "Debian " + d.suite
}
