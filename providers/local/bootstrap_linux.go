package local

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const defaultMirror = "http://deb.debian.org/debian"

// bootstrap makes the root file system of a template without a base.
func (b *build) bootstrap(ctx context.Context) error {
	if b.t.Base != nil {
		return nil
	}
	b.progress(fmt.Sprintf("bootstrapping Debian %s with %s", b.t.Suite, few(b.t.Packages)))
	args := []string{"--mode=root", "--variant=minbase", "--include=" + strings.Join(b.t.Packages, ",")}
	if proxy := b.aptProxy(ctx); proxy != "" {
		args = append(args, `--aptopt=Acquire::http::Proxy "`+proxy+`"`)
	}
	args = append(args, b.t.Suite, b.rec.Upper)
	args = append(args, b.debianSources(ctx, b.t.Suite)...)
	cmd := command(ctx, "mmdebstrap", args...)
	cmd.Stdout, cmd.Stderr = b.log, b.log
	// Where it goes with the build, should we both be killed.
	tmp := filepath.Join(string(b.staging), "tmp")
	if err := os.Mkdir(tmp, 0o755); err != nil {
		return err
	}
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	if err := b.helpers.run(cmd); err != nil {
		return fmt.Errorf("mmdebstrap: %w", err)
	}
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	b.progress("shifting owners")
	return shiftOwners(ctx, b.rec.Upper)
}

// debianSources are the apt source lines for a suite: BENCHTEST_MIRROR alone
// where it is set, else the host's own mirrors where the host is a Debian of
// that suite, else Debian's.
func (b *build) debianSources(ctx context.Context, suite string) []string {
	if mirror := os.Getenv("BENCHTEST_MIRROR"); mirror != "" {
		return []string{"deb " + mirror + " " + suite + " main"}
	}
	// A host without apt has none.
	out := b.output(ctx, "apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages")
	return parseSources(out, suite)
}

// parseSources picks the lines "URI RELEASE COMPONENT" of one suite's main.
func parseSources(targets, suite string) []string {
	var lines []string
	for target := range strings.Lines(targets) {
		f := strings.Fields(target)
		if len(f) != 3 || f[2] != "main" {
			continue
		}
		if f[1] == suite || f[1] == suite+"-updates" || f[1] == suite+"-security" {
			lines = append(lines, "deb "+f[0]+" "+f[1]+" main")
		}
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasSuffix(l, " "+suite+" main") }) {
		return []string{"deb " + defaultMirror + " " + suite + " main"}
	}
	return lines
}

// aptProxy is the HTTP proxy that the host's apt uses, if any.
func (b *build) aptProxy(ctx context.Context) string {
	for _, name := range []string{"http_proxy", "HTTP_PROXY"} {
		if proxy := os.Getenv(name); proxy != "" {
			return proxy
		}
	}
	return strings.TrimSpace(b.output(ctx, "apt-config", "dump", "--no-empty", "--format=%v", "Acquire::http::Proxy"))
}

// output is what a program of the host prints, or nothing.
func (b *build) output(ctx context.Context, name string, args ...string) string {
	var out bytes.Buffer
	cmd := command(ctx, name, args...)
	cmd.Stdout = &out
	if b.helpers.run(cmd) != nil {
		return ""
	}
	return out.String()
}
