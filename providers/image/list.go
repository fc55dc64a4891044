package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
)

// An Info is one image that a store keeps.
type Info struct {
	Name    string    `json:"name"`
	Path    string    `json:"path"`
	Bytes   int64     `json:"bytes"` // what it takes on disk
	Created time.Time `json:"created"`
}

// imageFile is an image's name: what it is, of what, and the digest of all that
// it depends on.
var imageFile = regexp.MustCompile(`^(rootfs|disk|file)-[a-z0-9-]+-[0-9a-f]{16}(\.tar|\.qcow2)?$`)

// List is the images in the store's own directory, by name. One that is not
// there has none.
func (s Store) List() ([]Info, error) {
	entries, err := os.ReadDir(s.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list images: %w", err)
	}
	infos := []Info{}
	for _, e := range entries {
		if !imageFile.MatchString(e.Name()) || !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("list images: %w", err)
		}
		infos = append(infos, Info{Name: e.Name(), Path: filepath.Join(s.Dir, e.Name()), Bytes: bytesOf(info), Created: info.ModTime()})
	}
	return infos, nil
}

// IsImage reports whether name can be an image's.
func IsImage(name string) bool { return imageFile.MatchString(name) }

// Remove removes an image. One that is not there is nil, and one in the making
// is waited for. What providers made
// of it stays: they have copies.
func (s Store) Remove(ctx context.Context, name string) error {
	if !IsImage(name) {
		return fmt.Errorf("remove image %q: that is not an image's name", name)
	}
	if _, err := os.Stat(s.Dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	lock, err := s.lock(ctx, name)
	if err != nil {
		return fmt.Errorf("remove image %s: %w", name, err)
	}
	defer lock.Close()
	err = os.Remove(filepath.Join(s.Dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("remove image %s: %w", name, err)
	}
	return nil
}

// Sweep removes what interrupted makers left, and says of which images that
// was. What somebody works on stays.
func (s Store) Sweep() ([]string, error) {
	left, err := filepath.Glob(filepath.Join(s.Dir, stagingPrefix+"*"))
	swept := []string{}
	for _, staging := range left {
		name := strings.TrimPrefix(filepath.Base(staging), stagingPrefix)
		lock, lockErr := s.tryLock(name)
		if lock == nil {
			err = errors.Join(err, lockErr)
			continue
		}
		err = errors.Join(err, os.RemoveAll(staging))
		lock.Close()
		swept = append(swept, name)
	}
	return swept, err
}

// Uses names the images that t may be made of, on this machine, and the files
// that its build wants: nobody need keep another one for it.
func Uses(t providers.Template) []string {
	var names []string
	for _, d := range t.Downloads {
		if d.URL != "" {
			names = append(names, fileName(d.Sum))
		}
	}
	if t.Base != nil {
		return append(names, Uses(*t.Base)...)
	}
	if t.Source != nil && t.Source.URL != "" {
		names = append(names, fileName(t.Source.Sum))
	}
	if u, err := upstreamOf(t.Suite, arch); err == nil {
		names = append(names, fileName(u.Sum))
	}
	return append(names, rootfsName(t), diskName(t))
}
