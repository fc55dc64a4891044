package local

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
)

// A guestFile is a file written into a guest's root file system from outside.
type guestFile struct {
	name     string // without the leading slash
	mode     fs.FileMode
	uid, gid int // the guest's
	data     []byte
}

// writeIdentity makes a clone itself: its names, machine ID and SSH keys.
// Symbolic links are never followed out of root, and a file that is replaced
// is removed first, so that a link in its place is not followed at all.
func writeIdentity(rootPath, hostName string, keys providers.Keys) error {
	root, err := os.OpenRoot(rootPath)
	if err != nil {
		return fmt.Errorf("write identity: %w", err)
	}
	defer root.Close()
	files, err := identityFiles(root, hostName, keys)
	if err != nil {
		return fmt.Errorf("write identity: %w", err)
	}
	for _, f := range files {
		if err := f.write(root); err != nil {
			return fmt.Errorf("write identity: %w", err)
		}
	}
	return nil
}

func identityFiles(root *os.Root, hostName string, keys providers.Keys) ([]guestFile, error) {
	hosts, err := readHosts(root)
	if err != nil {
		return nil, err
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	files := []guestFile{
		{name: "etc/machine-id", mode: 0o444, data: []byte(hex.EncodeToString(id) + "\n")},
		{name: "etc/hostname", mode: 0o644, data: []byte(hostName + "\n")},
		{name: "etc/hosts", mode: 0o644, data: []byte(mergeHosts(hosts, hostName, nil))},
	}
	if len(keys.HostKey) > 0 {
		signer, err := ssh.ParsePrivateKey(keys.HostKey)
		if err != nil {
			return nil, fmt.Errorf("host key: %w", err)
		}
		const key = "etc/ssh/ssh_host_ed25519_key"
		files = append(files,
			guestFile{name: key, mode: 0o600, data: keys.HostKey},
			guestFile{name: key + ".pub", mode: 0o644, data: ssh.MarshalAuthorizedKey(signer.PublicKey())})
	}
	for user, authorized := range map[string][]byte{"root": keys.Root, "agent": keys.Agent} {
		if len(authorized) == 0 {
			continue
		}
		u, err := lookUpUser(root, user)
		if err != nil {
			return nil, err
		}
		files = append(files, guestFile{name: path.Join(u.home, ".ssh/authorized_keys"), mode: 0o600, uid: u.uid, gid: u.gid, data: authorized})
	}
	return files, nil
}

// write puts the file in place. Directories that are missing get its owner and
// are closed to others.
func (f guestFile) write(root *os.Root) error {
	if err := f.mkdir(root, path.Dir(f.name)); err != nil {
		return err
	}
	if err := root.Remove(f.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := root.OpenFile(f.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	if _, err := out.Write(f.data); err != nil {
		return err
	}
	if err := out.Chown(idOffset+f.uid, idOffset+f.gid); err != nil {
		return err
	}
	if err := out.Chmod(f.mode); err != nil {
		return err
	}
	return out.Close()
}

// mkdir makes the missing ones of a directory and its parents.
func (f guestFile) mkdir(root *os.Root, dir string) error {
	err := root.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrNotExist) {
		if err := f.mkdir(root, path.Dir(dir)); err != nil {
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
	return root.Lchown(dir, idOffset+f.uid, idOffset+f.gid)
}

type guestUser struct {
	uid, gid int
	home     string // without the leading slash
}

// lookUpUser reads the guest's own /etc/passwd.
func lookUpUser(root *os.Root, name string) (guestUser, error) {
	f, err := root.Open("etc/passwd")
	if err != nil {
		return guestUser{}, fmt.Errorf("look up user %s: %w", name, err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		p := strings.Split(lines.Text(), ":")
		if len(p) != 7 || p[0] != name {
			continue
		}
		uid, err1 := strconv.Atoi(p[2])
		gid, err2 := strconv.Atoi(p[3])
		if err := errors.Join(err1, err2); err != nil {
			return guestUser{}, fmt.Errorf("look up user %s: %w", name, err)
		}
		return guestUser{uid: uid, gid: gid, home: strings.TrimPrefix(path.Clean(p[5]), "/")}, nil
	}
	return guestUser{}, fmt.Errorf("look up user %s: not in the template's /etc/passwd", name)
}
