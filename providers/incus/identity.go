package incus

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path"
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
	files, err := guest.Identity(hostName, template[markHosts], template[markPasswd], keys)
	if err != nil {
		return fmt.Errorf("make identity: %w", err)
	}
	for _, f := range files {
		config[fileKey(f.Name)] = string(f.Data)
	}
	config[markHostName] = hostName
	config[markHosts], config[markPasswd] = template[markHosts], template[markPasswd]
	return nil
}

// prepareIdentity makes the stopped instance one whose copies are told who
// they are. It returns what the template's configuration gets for that.
func (p *Provider) prepareIdentity(ctx context.Context, name string) (map[string]string, error) {
	config := map[string]string{}
	err := p.server.do(ctx, func(c incus.InstanceServer) error {
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
		all, err := guest.Identity("template", config[markHosts], config[markPasswd], ring.Keys)
		if err != nil {
			return err
		}
		if err := placeFiles(files, all); err != nil {
			return err
		}
		return addFileTemplates(c, name, all)
	})
	if err != nil {
		return nil, fmt.Errorf("prepare identity: %w", err)
	}
	return config, nil
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

// addFileTemplates has Incus fill the files from a copy's configuration.
func addFileTemplates(c incus.InstanceServer, name string, all []guest.File) error {
	meta, etag, err := c.GetInstanceMetadata(name)
	if err != nil {
		return fmt.Errorf("read metadata: %w", err)
	}
	if meta.Templates == nil {
		meta.Templates = map[string]*api.ImageMetadataTemplate{}
	}
	for _, f := range all {
		// Incus takes the last newline off the value.
		text := fmt.Sprintf("{{ config_get(%q, \"\") }}\n", fileKey(f.Name))
		file := "benchtest." + strings.ReplaceAll(f.Name, "/", ".") + ".tpl"
		if err := c.CreateInstanceTemplateFile(name, file, bytes.NewReader([]byte(text))); err != nil {
			return fmt.Errorf("add file template: %w", err)
		}
		meta.Templates["/"+f.Name] = &api.ImageMetadataTemplate{When: []string{"copy"}, Template: file}
	}
	if err := c.UpdateInstanceMetadata(name, *meta, etag); err != nil {
		return fmt.Errorf("write metadata: %w", err)
	}
	return nil
}
