package lima

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
)

// bootedTag is the snapshot of a template's booted guest.
const bootedTag = "benchtest-booted"

// format counts the changes of adopt.sh, settle.sh and the steward, and of the
// devices by qemu.sh.
const format = 6

// A meta describes a built template. It is written when all of the template is
// on disk: what has none is not finished.
type meta struct {
	Format    int       `json:"format"` // of what we put into a guest: another one is not ours to use
	Name      string    `json:"name"`   // the build name
	Digest    string    `json:"digest"`
	Instance  string    `json:"instance"`
	HostKey   string    `json:"host_key"` // what its guest shows until a clone has its own
	Hosts     string    `json:"hosts"`    // its /etc/hosts
	Passwd    string    `json:"passwd"`   // its /etc/passwd
	VCPU      int       `json:"vcpu"`
	MemoryMiB int       `json:"memory_mib"`
	DiskMiB   int       `json:"disk_mib"`
	Booted    bool      `json:"booted"` // bootedTag is there
	Created   time.Time `json:"created"`
	Bytes     int64     `json:"bytes"`
}

func (p *Provider) templates() string { return filepath.Join(p.state, "templates") }

func (p *Provider) metaPath(buildName string) string {
	return filepath.Join(p.templates(), buildName+".json")
}

// builtMeta is the meta of t, if it is built with this digest.
func (p *Provider) builtMeta(t providers.Template) (meta, bool) {
	m, err := readJSON[meta](p.metaPath(t.BuildName()))
	return m, err == nil && m.Digest == t.Digest && m.Format == format
}

// requireMeta is builtMeta, or what to do.
func (p *Provider) requireMeta(t providers.Template) (meta, error) {
	m, ok := p.builtMeta(t)
	if !ok {
		return meta{}, fmt.Errorf("template %s is not built: go tool benchtest template build %s --mode lima", t.BuildName(), t.Name)
	}
	return m, nil
}

// DeleteTemplate removes a built template and what an interrupted build of it
// left. One that is not there is nil. Clones do not need it: theirs are copies.
func (p *Provider) DeleteTemplate(ctx context.Context, buildName string) error {
	if !strings.HasPrefix(buildName, "template-") || strings.ContainsRune(buildName, '/') {
		return fmt.Errorf("delete template %q: that is not the name of a built template", buildName)
	}
	unlock, err := p.lockTemplate(ctx, buildName, exclusive)
	if err != nil {
		return fmt.Errorf("delete template %s: %w", buildName, err)
	}
	defer unlock()
	// Without its meta it no longer looks finished, however far we get.
	err = os.Remove(p.metaPath(buildName))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("delete template %s: %w", buildName, err)
	}
	if err := p.destroyBuild(ctx, buildName); err != nil {
		return fmt.Errorf("delete template %s: %w", buildName, err)
	}
	return nil
}

// destroyBuild removes the instance of a template, finished or not, and then
// the note that it was made. The caller has the template's lock.
func (p *Provider) destroyBuild(ctx context.Context, buildName string) error {
	if err := p.destroyInstance(ctx, instanceName(p.home, buildName)); err != nil {
		return err
	}
	err := os.Remove(p.buildingPath(buildName))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// buildingPath notes that a template's instance exists, or is about to.
func (p *Provider) buildingPath(buildName string) string {
	return filepath.Join(p.templates(), buildName+".building")
}

// Sweep removes what dead processes left of templates that they were building,
// and names them. A living one holds its template's lock.
func (p *Provider) Sweep(ctx context.Context) (removed []string, err error) {
	notes, err := filepath.Glob(filepath.Join(p.templates(), "template-*.building"))
	if err != nil {
		return nil, fmt.Errorf("sweep templates: %w", err)
	}
	var errs []error
	for _, note := range notes {
		name := strings.TrimSuffix(filepath.Base(note), ".building")
		if _, err := os.Stat(p.metaPath(name)); err == nil {
			continue // it is finished
		}
		brief, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		unlock, err := p.lockTemplate(brief, name, exclusive)
		cancel()
		if err != nil {
			continue // it has a living owner
		}
		if err := p.destroyBuild(ctx, name); err != nil {
			errs = append(errs, fmt.Errorf("sweep %s: %w", name, err))
		} else {
			removed = append(removed, name)
		}
		unlock()
	}
	return removed, errors.Join(errs...)
}

// fits reports whether a machine of r's size can go on from m's booted guest,
// which has no mounts.
func (m meta) fits(r record) bool {
	return m.Booted && len(r.Mounts) == 0 && r.MemoryMiB == m.MemoryMiB && r.VCPU == m.VCPU && r.DiskMiB == m.DiskMiB
}
