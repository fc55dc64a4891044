package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/guest"
)

// writeIdentity makes a clone itself: its names, machine ID and SSH keys; it
// returns its agent. Symbolic links are never followed out of root, and a file
// that is replaced is removed first, so that a link in its place is not
// followed at all.
func writeIdentity(rootPath, hostName string, keys providers.Keys) (agent guest.User, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write identity: %w", err)
		}
	}()
	root, err := os.OpenRoot(rootPath)
	if err != nil {
		return agent, err
	}
	defer root.Close()
	hosts, err := readHosts(root)
	if err != nil {
		return agent, err
	}
	passwd, err := root.ReadFile("etc/passwd")
	if err != nil {
		return agent, err
	}
	if agent, err = guest.LookUpUser(string(passwd), "agent"); err != nil {
		return agent, err
	}
	files, err := guest.Identity(hostName, hosts, string(passwd), keys)
	if err != nil {
		return agent, err
	}
	for _, f := range files {
		if err := write(root, f); err != nil {
			return agent, err
		}
	}
	return agent, nil
}

// write puts the file in place. Directories that are missing get its owner and
// are closed to others.
func write(root *os.Root, f guest.File) error {
	if err := mkdir(root, f, path.Dir(f.Name)); err != nil {
		return err
	}
	if err := root.Remove(f.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := root.OpenFile(f.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	if _, err := out.Write(f.Data); err != nil {
		return err
	}
	if err := out.Chown(idOffset+f.UID, idOffset+f.GID); err != nil {
		return err
	}
	if err := out.Chmod(f.Mode); err != nil {
		return err
	}
	return out.Close()
}

// mkdir makes the missing ones of a directory and its parents.
func mkdir(root *os.Root, f guest.File, dir string) error {
	err := root.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrNotExist) {
		if err := mkdir(root, f, path.Dir(dir)); err != nil {
			return err
		}
		err = root.Mkdir(dir, 0o700)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return root.Lchown(dir, idOffset+f.UID, idOffset+f.GID)
}
