package image

import (
	"context"
	"os"
	"slices"
	"strings"
)

// Proxy is the HTTP proxy that this host's apt uses ("http://host:port"), if
// any: guests want the same one while they are provisioned.
func (s Store) Proxy(ctx context.Context) string {
	for _, name := range []string{"http_proxy", "HTTP_PROXY"} {
		if proxy := os.Getenv(name); proxy != "" {
			return proxy
		}
	}
	return s.output(ctx, "apt-config", "dump", "--no-empty", "--format=%v", "Acquire::http::Proxy")
}

// sources are the apt source lines for a suite: BENCHTEST_MIRROR alone where
// it is set, else the host's own mirrors where the host is of that suite, else
// the distribution's.
func (s Store) sources(ctx context.Context, d distribution) []string {
	if mirror := os.Getenv("BENCHTEST_MIRROR"); mirror != "" {
		return []string{"deb " + mirror + " " + d.suite + " " + d.components}
	}
	// A host without apt has none.
	out := s.output(ctx, "apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages")
	return parseSources(out, d)
}

// parseSources picks the lines "URI RELEASE COMPONENT" of one suite.
func parseSources(targets string, d distribution) []string {
	var lines []string
	for target := range strings.Lines(targets) {
		f := strings.Fields(target)
		if len(f) != 3 || !slices.Contains(strings.Fields(d.components), f[2]) {
			continue
		}
		if f[1] == d.suite || f[1] == d.suite+"-updates" || f[1] == d.suite+"-security" {
			lines = append(lines, "deb "+f[0]+" "+f[1]+" "+f[2])
		}
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasSuffix(l, " "+d.suite+" main") }) {
		return []string{"deb " + d.mirror + " " + d.suite + " " + d.components}
	}
	return lines
}
