package image

import (
	"context"
	_ "embed"
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/providers"
)

//go:embed upstream.yaml
var upstreamFile []byte

// An upstream image is a distribution's own.
type upstream struct{ URL, Sum string }

// upstreamOf is the image of a suite for a processor, as Go calls it.
func upstreamOf(suite, processor string) (upstream, error) {
	var all map[string]map[string]upstream
	if err := yaml.Unmarshal(upstreamFile, &all); err != nil {
		return upstream{}, fmt.Errorf("read upstream.yaml: %w", err)
	}
	u := all[suite][processor]
	if u.URL == "" {
		return u, fmt.Errorf("%w: no upstream image of %s for %s is known: give the template a base that is a disk image (base: URL or path, sha256: HEX)",
			providers.ErrUnavailable, suite, processor)
	}
	return u, nil
}

// upstreamDisk is a distribution's own image, downloaded.
func (s Store) upstreamDisk(ctx context.Context, t providers.Template) (string, error) {
	u, err := upstreamOf(t.Suite, arch)
	if err != nil {
		return "", err
	}
	progress(t, "downloading "+u.URL)
	return s.Fetch(ctx, u.URL, u.Sum)
}
