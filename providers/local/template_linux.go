package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
)

// A meta describes a built template. It is in the template's directory, which
// gets its name only when all of it is on disk.
type meta struct {
	Name      string    `json:"name"` // the build name
	Digest    string    `json:"digest"`
	Base      string    `json:"base,omitempty"` // the base's build name
	VCPU      int       `json:"vcpu"`
	MemoryMiB int       `json:"memory_mib"`
	DiskMiB   int       `json:"disk_mib"`
	Created   time.Time `json:"created"`
	Bytes     int64     `json:"bytes"` // of its own files, without the base's
}

func metaOf(t providers.Template) meta {
	m := meta{Name: t.BuildName(), Digest: t.Digest, VCPU: t.VCPU, MemoryMiB: t.MemoryMiB, DiskMiB: t.DiskMiB, Created: time.Now()}
	if t.Base != nil {
		m.Base = t.Base.BuildName()
	}
	return m
}

// A templateDir is a built template, or the staging directory of one.
type templateDir string

func (d templateDir) meta() string { return filepath.Join(string(d), "meta.json") }
func (d templateDir) log() string  { return filepath.Join(string(d), "build.log") }

// files is the directory that holds the template's files: a whole root file
// system, or a layer on its base's.
func (d templateDir) files(m meta) string {
	if m.Base == "" {
		return filepath.Join(string(d), "root")
	}
	return filepath.Join(string(d), "layer")
}

const stagingPrefix = ".staging-"

func (p *Provider) templates() string { return filepath.Join(p.home, "templates") }

func (p *Provider) templateDir(buildName string) templateDir {
	return templateDir(filepath.Join(p.templates(), buildName))
}

func (p *Provider) stagingDir(buildName string) templateDir {
	return templateDir(filepath.Join(p.templates(), stagingPrefix+buildName))
}

// built reports whether the template, with this digest, is there.
func (p *Provider) built(t providers.Template) bool {
	m, err := readJSON[meta](p.templateDir(t.BuildName()).meta())
	return err == nil && m.Digest == t.Digest
}

// layers are the directories of t and its bases, uppermost first.
func (p *Provider) layers(t providers.Template) ([]string, error) {
	var dirs []string
	for u := &t; u != nil; u = u.Base {
		if !p.built(*u) {
			return nil, fmt.Errorf("template %s is not built: go tool benchtest template build %s", u.BuildName(), u.Name)
		}
		dirs = append(dirs, p.templateDir(u.BuildName()).files(metaOf(*u)))
	}
	return dirs, nil
}

// ErrTemplateInUse is what DeleteTemplate says of one that a machine or another
// template rests on.
var ErrTemplateInUse = errors.New("template is in use")

// DeleteTemplate removes a built template and what an interrupted build of it
// left. One that is not there is nil; one in use is ErrTemplateInUse.
func (p *Provider) DeleteTemplate(ctx context.Context, buildName string) error {
	if !strings.HasPrefix(buildName, "template-") || strings.ContainsRune(buildName, '/') {
		return fmt.Errorf("delete template %q: that is not the name of a built template", buildName)
	}
	unlock, err := p.lockTemplate(ctx, buildName, exclusive)
	if err != nil {
		return fmt.Errorf("delete template %s: %w", buildName, err)
	}
	defer unlock()
	user, err := p.userOf(buildName)
	if err != nil {
		return fmt.Errorf("delete template %s: %w", buildName, err)
	}
	if user != "" {
		return fmt.Errorf("delete template %s: %w by %s", buildName, ErrTemplateInUse, user)
	}
	// Under another name it no longer looks finished, however far we get.
	staging := p.stagingDir(buildName)
	if err := p.removeStaging(ctx, buildName); err != nil {
		return fmt.Errorf("delete template %s: %w", buildName, err)
	}
	err = os.Rename(string(p.templateDir(buildName)), string(staging))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete template %s: %w", buildName, err)
	}
	return os.RemoveAll(string(staging))
}

// userOf names a machine or template that rests on the template, or none.
func (p *Provider) userOf(buildName string) (string, error) {
	files := string(p.templateDir(buildName)) + "/"
	records, err := allRecords()
	if err != nil {
		return "", err
	}
	for _, r := range records {
		for _, l := range r.Layers {
			if strings.HasPrefix(l, files) {
				return r.ID, nil
			}
		}
	}
	metas, err := p.allMetas()
	if err != nil {
		return "", err
	}
	for _, m := range metas {
		if m.Base == buildName {
			return m.Name, nil
		}
	}
	return "", nil
}
