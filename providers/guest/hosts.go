package guest

import (
	"slices"
	"strings"
)

// A Host is one of an attempt's hosts as the others know it.
type Host struct{ Name, Address string }

// ownAddress is where a Debian machine finds its own name.
const ownAddress = "127.0.1.1"

// localHosts is what an /etc/hosts without a localhost is given.
const localHosts = `127.0.0.1	localhost
::1	localhost ip6-localhost ip6-loopback
ff02::1	ip6-allnodes
ff02::2	ip6-allrouters
`

// MergeHosts makes a guest's /etc/hosts: what its template has, itself, and
// the attempt's other hosts. Lines that would contradict these are dropped, so
// that merging twice is merging once.
func MergeHosts(old, hostName string, others []Host) string {
	var b strings.Builder
	if !strings.Contains(old, "localhost") {
		b.WriteString(localHosts)
	}
	for line := range strings.Lines(old) {
		entry, _, _ := strings.Cut(line, "#")
		f := strings.Fields(entry)
		stale := len(f) > 0 && (f[0] == ownAddress || slices.ContainsFunc(others, func(o Host) bool {
			return f[0] == o.Address || slices.Contains(f[1:], o.Name)
		}))
		if !stale {
			b.WriteString(strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	for _, h := range append([]Host{{hostName, ownAddress}}, others...) {
		b.WriteString(h.Address + "\t" + h.Name + "\n")
	}
	return b.String()
}
