package providers

import (
	"errors"
	"io/fs"
)

// A Template is the definition of a machine that is built once, copied for
// every clone and never changed. fixtures loads it from template.yaml.
type Template struct {
	Name   string    // "debian-nginx"
	Digest string    // 64 hex digits over the definition, its files and its base's digest
	Base   *Template // nil: built from the distribution itself
	// Suite is the distribution's suite ("bookworm") and Source the user's own
	// root file system or disk; a template without Base has one of them.
	// Package image reads both.
	Suite    string
	Source   *Source
	Packages []string
	// Provision is "provision.sh" or "provision.yml" in Files, or empty.
	Provision string
	Files     fs.FS // the definition's directory, and at a build the Downloads
	Downloads []Download
	// Saved says which machine it was, and when; empty: it is built from the
	// definition. A saved one that is not there cannot be built.
	Saved string
	// Ready holds the ready: rules as they stand in the file; rules.ParseState
	// reads them. Providers do not look at it.
	Ready []byte

	VCPU      int
	MemoryMiB int
	DiskMiB   int
	Type      MachineType
	Incus     IncusOptions
	Lima      LimaOptions

	// Progress is told what the build is doing, in a few words; nil: nobody is.
	Progress func(step string)
}

// BuildName is the name of the built template: template-NAME-DIGEST8.
func (t Template) BuildName() string {
	return "template-" + t.Name + "-" + t.Digest[:min(8, len(t.Digest))]
}

// ErrUnavailable is wrapped by an error that says why a template cannot be had
// here and what would help. It is no fault: scenarios that need the template
// are skipped with that reason.
var ErrUnavailable = errors.New("the template cannot be had here")

// A Source is a base of the user's own: a directory, a root file system as a
// tarball, a disk as a qcow2, or an image that a provider knows where to get.
type Source struct {
	Path string // absolute; "": it is at URL
	URL  string // https
	// Image is "REMOTE:ALIAS" as the incus command has it, for provider incus
	// alone; with it the others are empty.
	Image string
	// Sum is the file's checksum, "sha256:HEX" or "sha512:HEX". Only with a
	// Path may it be empty.
	Sum string
	// Digest is 64 hex digits over the content, as it was when it was loaded.
	Digest string
}

// A Download is a file that is too large to come with a definition.
type Download struct {
	File string // its name among the template's Files
	Path string // where the user has it, absolute; "": nowhere
	URL  string // https; "": it cannot be downloaded
	Sum  string // as in Source; with a URL required
	Make string // a command line that makes it, for people to read
}

// MachineType is what a template's machines are, where a provider has both.
type MachineType string

// The types.
const (
	TypeAny       MachineType = "" // what the provider makes by itself
	TypeContainer MachineType = "container"
	TypeVM        MachineType = "vm"
)

// IncusOptions are what provider incus alone is told. At most one is set; with
// none Incus itself places the clones.
type IncusOptions struct {
	Target string // the cluster member that has the clones
	Group  string // the cluster group whose members have them
}

// LimaIntegrated is the mode in which guests of provider lima may have mounts,
// port forwards and containerd, each of them named.
const LimaIntegrated = "integrated"

// LimaOptions are what provider lima alone is told.
type LimaOptions struct {
	// Mode is "plain" ("" too): as little of the driver in the guest as can be;
	// or LimaIntegrated, in which a guest may have what follows.
	Mode string
	// Mounts are directories of the driver that clones see unless they are told
	// of others; Forwards are ports of theirs on its loopback.
	Mounts   []Mount
	Forwards []Forward
	// Containerd is "system" for a guest with containerd; "" and "none" for one
	// without. "user" is read, and refused.
	Containerd string
	// QEMU is the emulator with its arguments in words of the shell; "" is
	// limactl's own choice.
	QEMU string
}
