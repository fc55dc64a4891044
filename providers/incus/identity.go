package incus

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	incus "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/api"
	"github.com/pkg/sftp"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/guest"
)

// A clone is told who it is without a request of its own: its files' contents
// are in its configuration, and Incus writes them into the copy when it starts
// for the first time. The files are in the template, empty, with their owners
// and modes.

func newNonce() string { return strings.ToLower(rand.Text()) }

// fileKey is the configuration key that holds a file's content.
func fileKey(name string) string { return markFile + strings.ReplaceAll(name, "/", ".") }

// addIdentity puts the files of a clone into its configuration. template is
// that of the instance it is a copy of.
func addIdentity(config, template map[string]string, hostName string, keys providers.Keys) error {
	files, err := identity(template, hostName, keys)
	if err != nil {
		return err
	}
	for _, f := range files {
		config[fileKey(f.Name)] = string(f.Data)
	}
	config[markHostName] = hostName
	config[markHosts], config[markPasswd] = template[markHosts], template[markPasswd]
	return nil
}

// identity are the files that make a guest itself; config is its template's.
// A virtual machine makes its machine ID, which is empty in its template, before
// anybody can tell it one.
func identity(config map[string]string, hostName string, keys providers.Keys) ([]guest.File, error) {
	files, err := guest.Identity(hostName, config[markHosts], config[markPasswd], keys)
	if err != nil {
		return nil, fmt.Errorf("make identity: %w", err)
	}
	if isVM(config) {
		files = slices.DeleteFunc(files, func(f guest.File) bool { return f.Name == "etc/machine-id" })
	}
	return files, nil
}

// prepareIdentity makes the stopped container one whose copies are told who
// they are. It returns what the template's configuration gets for that.
func (p *Provider) prepareIdentity(ctx context.Context, name string) (map[string]string, error) {
	config, files, err := p.placeIdentity(ctx, name, false)
	if err == nil {
		err = p.server.do(ctx, func(c incus.InstanceServer) error { return addFileTemplates(c, name, fileTemplates(files)) })
	}
	if err != nil {
		return nil, fmt.Errorf("prepare identity: %w", err)
	}
	return config, nil
}

// placeIdentity makes the files of the instance's identity, empty. Beside them
// it returns what the template's configuration gets, by which they are made.
func (p *Provider) placeIdentity(ctx context.Context, name string, vm bool) (config map[string]string, all []guest.File, err error) {
	config = map[string]string{}
	if vm {
		config[markType] = typeVM
	}
	err = p.server.do(ctx, func(c incus.InstanceServer) error {
		files, err := c.GetInstanceFileSFTP(name)
		if err != nil {
			return err
		}
		defer func() { _ = files.Close() }()
		for key, from := range map[string]string{markPasswd: "/etc/passwd", markHosts: "/etc/hosts"} {
			if config[key], err = readSmall(files, from); err != nil {
				return err
			}
		}
		ring, err := providers.NewKeyRing()
		if err != nil {
			return err
		}
		if all, err = identity(config, "template", ring.Keys); err != nil {
			return err
		}
		return placeFiles(files, all)
	})
	return config, all, err
}

// readSmall reads a text file of the template; one that is not there is empty.
func readSmall(files *sftp.Client, name string) (string, error) {
	f, err := files.Open(name)
	if os.IsNotExist(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return string(b), nil
}

// placeFiles makes the files, empty, and the directories of the users' keys.
func placeFiles(files *sftp.Client, all []guest.File) error {
	for _, f := range all {
		full := "/" + f.Name
		if dir := path.Dir(full); path.Base(dir) == ".ssh" {
			if err := files.MkdirAll(dir); err != nil {
				return fmt.Errorf("make %s: %w", dir, err)
			}
			if err := own(files, dir, f.UID, f.GID, 0o700); err != nil {
				return err
			}
		}
		// A link would lead Incus to another file.
		if err := files.Remove(full); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("replace %s: %w", full, err)
		}
		w, err := files.Create(full)
		if err != nil {
			return fmt.Errorf("make %s: %w", full, err)
		}
		if err := w.Close(); err != nil {
			return fmt.Errorf("make %s: %w", full, err)
		}
		if err := own(files, full, f.UID, f.GID, f.Mode); err != nil {
			return err
		}
	}
	return nil
}

func own(files *sftp.Client, name string, uid, gid int, mode os.FileMode) error {
	if err := files.Chown(name, uid, gid); err != nil {
		return fmt.Errorf("chown %s: %w", name, err)
	}
	if err := files.Chmod(name, mode); err != nil {
		return fmt.Errorf("chmod %s: %w", name, err)
	}
	return nil
}

// A fileTemplate is a file that Incus fills from a key of the configuration.
type fileTemplate struct {
	path, key string
	when      string // "copy": when a copy starts for the first time; or "start"
}

// fileTemplates are those of an identity.
func fileTemplates(files []guest.File) []fileTemplate {
	all := make([]fileTemplate, len(files))
	for i, f := range files {
		all[i] = fileTemplate{path: "/" + f.Name, key: fileKey(f.Name), when: "copy"}
	}
	return all
}

// addFileTemplates has Incus fill the files from the configuration.
func addFileTemplates(c incus.InstanceServer, name string, all []fileTemplate) error {
	meta, etag, err := c.GetInstanceMetadata(name)
	if err != nil {
		return fmt.Errorf("read metadata: %w", err)
	}
	if meta.Templates == nil {
		meta.Templates = map[string]*api.ImageMetadataTemplate{}
	}
	for _, f := range all {
		// Incus takes the last newline off the value.
		text := fmt.Sprintf("{{ config_get(%q, \"\") }}\n", f.key)
		file := "benchtest" + strings.ReplaceAll(f.path, "/", ".") + ".tpl"
		if err := c.CreateInstanceTemplateFile(name, file, bytes.NewReader([]byte(text))); err != nil {
			return fmt.Errorf("add file template: %w", err)
		}
		meta.Templates[f.path] = &api.ImageMetadataTemplate{When: []string{f.when}, Template: file}
	}
	if err := c.UpdateInstanceMetadata(name, *meta, etag); err != nil {
		return fmt.Errorf("write metadata: %w", err)
	}
	return nil
}
