package guest

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
)

// A File is written into a guest from outside.
type File struct {
	Name     string // without the leading slash
	Mode     fs.FileMode
	UID, GID int // the guest's
	Data     []byte
}

// Identity makes a clone itself: its names, machine ID and SSH keys. etcHosts
// and passwd are what its template has in /etc/hosts and /etc/passwd.
func Identity(hostName, etcHosts, passwd string, keys providers.Keys) ([]File, error) {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	files := []File{
		{Name: "etc/machine-id", Mode: 0o444, Data: []byte(hex.EncodeToString(id) + "\n")},
		{Name: "etc/hostname", Mode: 0o644, Data: []byte(hostName + "\n")},
		{Name: "etc/hosts", Mode: 0o644, Data: []byte(MergeHosts(etcHosts, hostName, nil))},
	}
	if len(keys.HostKey) > 0 {
		signer, err := ssh.ParsePrivateKey(keys.HostKey)
		if err != nil {
			return nil, fmt.Errorf("host key: %w", err)
		}
		const key = "etc/ssh/ssh_host_ed25519_key"
		files = append(files,
			File{Name: key, Mode: 0o600, Data: keys.HostKey},
			File{Name: key + ".pub", Mode: 0o644, Data: ssh.MarshalAuthorizedKey(signer.PublicKey())})
	}
	for _, of := range []struct {
		user       string
		authorized []byte
	}{{"root", keys.Root}, {"agent", keys.Agent}} {
		if len(of.authorized) == 0 {
			continue
		}
		u, err := LookUpUser(passwd, of.user)
		if err != nil {
			return nil, err
		}
		files = append(files, File{Name: path.Join(u.Home, ".ssh/authorized_keys"), Mode: 0o600, UID: u.UID, GID: u.GID, Data: of.authorized})
	}
	return files, nil
}

// A User is one line of a guest's /etc/passwd.
type User struct {
	UID, GID int
	Home     string // without the leading slash
}

// LookUpUser finds a user in the text of a guest's own /etc/passwd.
func LookUpUser(passwd, name string) (User, error) {
	for lines := bufio.NewScanner(strings.NewReader(passwd)); lines.Scan(); {
		p := strings.Split(lines.Text(), ":")
		if len(p) != 7 || p[0] != name {
			continue
		}
		uid, err1 := strconv.Atoi(p[2])
		gid, err2 := strconv.Atoi(p[3])
		if err := errors.Join(err1, err2); err != nil {
			return User{}, fmt.Errorf("look up user %s: %w", name, err)
		}
		return User{UID: uid, GID: gid, Home: strings.TrimPrefix(path.Clean(p[5]), "/")}, nil
	}
	return User{}, fmt.Errorf("look up user %s: not in the template's /etc/passwd", name)
}
