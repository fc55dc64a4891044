package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// shiftOwners moves every owner in a tree by idOffset, so that it is a guest's
// own in the guest's user namespace. What a change of owner would lose is put
// back: set-ID bits, file capabilities (which then hold in that namespace),
// and the IDs inside access control lists.
func shiftOwners(ctx context.Context, root string) error {
	seen := map[uint64]bool{} // inodes with several names are shifted once
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		if st.Nlink > 1 && !info.IsDir() {
			if seen[st.Ino] {
				return nil
			}
			seen[st.Ino] = true
		}
		return shiftOwner(path, info, st)
	})
	if err != nil {
		return fmt.Errorf("shift owners: %w", err)
	}
	return nil
}

func shiftOwner(path string, info fs.FileInfo, st *syscall.Stat_t) error {
	if st.Uid >= idCount || st.Gid >= idCount {
		return fmt.Errorf("%s belongs to %d:%d, which no guest has", path, st.Uid, st.Gid)
	}
	link := info.Mode()&fs.ModeSymlink != 0
	var capability []byte
	if info.Mode().IsRegular() {
		capability = getXattr(path, "security.capability")
	}
	if err := os.Lchown(path, int(st.Uid)+idOffset, int(st.Gid)+idOffset); err != nil {
		return err
	}
	if !link && info.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
		if err := unix.Chmod(path, st.Mode&0o7777); err != nil {
			return err
		}
	}
	if capability != nil {
		if err := unix.Lsetxattr(path, "security.capability", rootedCapability(capability), 0); err != nil {
			return fmt.Errorf("set capability of %s: %w", path, err)
		}
	}
	if link {
		return nil
	}
	for _, name := range []string{"system.posix_acl_access", "system.posix_acl_default"} {
		if acl := getXattr(path, name); acl != nil {
			if err := unix.Lsetxattr(path, name, shiftACL(acl), 0); err != nil {
				return fmt.Errorf("set access control list of %s: %w", path, err)
			}
		}
	}
	return nil
}

func getXattr(path, name string) []byte {
	buf := make([]byte, 1024)
	n, err := unix.Lgetxattr(path, name, buf)
	if err != nil {
		return nil
	}
	return buf[:n]
}

// rootedCapability turns a file capability into revision 3 of its format,
// which says in whose user namespace it holds.
func rootedCapability(v2 []byte) []byte {
	const revision3, revisionMask, length = 0x03000000, 0xff000000, 24
	v3 := make([]byte, length)
	copy(v3, v2)
	magic := binary.LittleEndian.Uint32(v3)
	binary.LittleEndian.PutUint32(v3, magic&^uint32(revisionMask)|revision3)
	binary.LittleEndian.PutUint32(v3[20:], idOffset)
	return v3
}

// shiftACL adds idOffset to the users and groups that a list names.
func shiftACL(acl []byte) []byte {
	const header, entry, tagUser, tagGroup = 4, 8, 0x02, 0x08
	out := append([]byte(nil), acl...)
	for at := header; at+entry <= len(out); at += entry {
		if tag := binary.LittleEndian.Uint16(out[at:]); tag == tagUser || tag == tagGroup {
			id := binary.LittleEndian.Uint32(out[at+4:])
			binary.LittleEndian.PutUint32(out[at+4:], id+idOffset)
		}
	}
	return out
}
