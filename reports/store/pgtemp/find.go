package pgtemp

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// ordinary is a user who is not root: PostgreSQL refuses to run as root. It is
// nil where the caller is not root either.
func ordinary() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, fmt.Errorf("%w: there is no user postgres or nobody to run it as: run as an ordinary user", ErrMissing)
}

// programs is where initdb and pg_ctl are; empty: nowhere.
func programs() string {
	found, _ := fs.Glob(os.DirFS("/"), "usr/lib/postgresql/*/bin/initdb")
	if len(found) > 0 {
		return filepath.Dir("/" + found[len(found)-1])
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path)
		}
	}
	return ""
}
