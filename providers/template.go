package providers

import "io/fs"

// A Template is the definition of a machine that is built once, copied for
// every clone and never changed. fixtures loads it from template.yaml.
type Template struct {
	Name   string    // "debian-nginx"
	Digest string    // 64 hex digits over the definition, its files and its base's digest
	Base   *Template // nil: built from the distribution itself
	// Suite is the Debian suite of a template without Base ("bookworm").
	Suite    string
	Packages []string
	// Provision is "provision.sh" or "provision.yml" in Files, or empty.
	Provision string
	Files     fs.FS // the definition's directory
	// Ready holds the ready: rules as they stand in the file; rules.ParseState
	// reads them. Providers do not look at it.
	Ready []byte

	VCPU      int
	MemoryMiB int
	DiskMiB   int
	// Progress is told what the build is doing, in a few words; nil: nobody is.
	Progress func(step string)
}

// BuildName is the name of the built template: template-NAME-DIGEST8.
func (t Template) BuildName() string {
	return "template-" + t.Name + "-" + t.Digest[:min(8, len(t.Digest))]
}
