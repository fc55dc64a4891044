// Package guest is what every guest of ours has in common, whichever provider
// it runs on: users, SSH settings, names and keys, and the way in which a
// template's packages and provisioning come into it.
package guest

import _ "embed"

// Scripts for /bin/sh, run as root inside a guest or its root file system.
var (
	// SetupScript installs the packages that are its arguments and makes our
	// users and settings. Run again it changes nothing but that.
	//go:embed setup.sh
	SetupScript string
	// ContainerScript masks what cannot work in a container.
	//go:embed container.sh
	ContainerScript string
	// CleanupScript takes out what each clone must have of its own, and what
	// only the build needed.
	//go:embed cleanup.sh
	CleanupScript string
)

// BuildDir is where a template's own files are in a guest while it is
// provisioned, without the leading slash. CleanupScript removes it.
const BuildDir = "var/lib/benchtest-build"
