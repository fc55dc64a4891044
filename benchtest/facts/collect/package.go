//go:build linux

package collect

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

const maxPackageFile = 256 << 20

func pkg(ctx context.Context, s *session, q facts.Query) (finding, error) {
	all, err := s.readPackages(ctx)
	if err != nil {
		return finding{}, err
	}
	return describePackage(all[q.Subject]), nil
}

func describePackage(versions []string) finding {
	return finding{attrs: map[string]any{"installed": len(versions) > 0, "versions": distinct(versions)}}
}

// readPackages maps each installed package to its versions.
func (s *session) readPackages(ctx context.Context) (map[string][]string, error) {
	return s.packages.get(func() (map[string][]string, error) {
		b, err := s.env.Root.ReadFile(ctx, "/var/lib/dpkg/status", maxPackageFile)
		if err == nil {
			return parseDpkgStatus(string(b)), nil
		}
		if !notThere(err) {
			return nil, fmt.Errorf("list packages: %w", err)
		}
		b, err = s.env.Root.ReadFile(ctx, "/lib/apk/db/installed", maxPackageFile)
		if err == nil {
			return parseApkInstalled(string(b)), nil
		}
		if !notThere(err) {
			return nil, fmt.Errorf("list packages: %w", err)
		}
		return nil, errors.New("list packages: neither a dpkg nor an apk database is there; this version reads no other")
	})
}

// parseDpkgStatus reads stanzas of "Field: value" lines.
func parseDpkgStatus(text string) map[string][]string {
	all := map[string][]string{}
	var name, version string
	var installed bool
	end := func() {
		if installed && name != "" {
			all[name] = append(all[name], version)
		}
		name, version, installed = "", "", false
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "":
			end()
		case line[0] == 'P' && strings.HasPrefix(line, "Package: "):
			name = line[len("Package: "):]
		case line[0] == 'V' && strings.HasPrefix(line, "Version: "):
			version = line[len("Version: "):]
		case line[0] == 'S' && strings.HasPrefix(line, "Status: "):
			// WANT FLAG STATE: a package on hold is installed all the same.
			installed = strings.HasSuffix(line, " ok installed")
		}
	}
	end()
	return all
}

// parseApkInstalled reads stanzas of "P:name" and "V:version" lines.
func parseApkInstalled(text string) map[string][]string {
	all := map[string][]string{}
	var name string
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimRight(line, "\n"), ":")
		switch key {
		case "P":
			name = value
		case "V":
			all[name] = append(all[name], value)
		}
	}
	return all
}
