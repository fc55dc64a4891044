package lima

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/benchtest-dev/benchtest/providers"
)

// A share is a directory of the driver that a guest mounts by virtiofs. It is
// served by a virtiofsd, one a share, which shuts itself into that directory and
// ends with the QEMU that it serves.

// tagOf is what the guest knows a share by. It follows from the place, so that
// what a guest remembers of a share that it has no more names nothing.
func tagOf(m providers.Mount) string {
	sum := sha256.Sum256([]byte(m.Place()))
	return "bt" + hex.EncodeToString(sum[:5])
}

// tagsOf are those of all, as the wrapper of QEMU reads them.
func tagsOf(mounts []providers.Mount) string {
	var tags []string
	for _, m := range mounts {
		tags = append(tags, tagOf(m))
	}
	return strings.Join(tags, " ")
}

// checkShares refuses directories that cannot be shown.
func checkShares(mounts []providers.Mount) error {
	if err := providers.CheckMounts(mounts); err != nil {
		return err
	}
	for _, m := range mounts {
		dir, err := openShare(m)
		if err == nil {
			err = dir.Close()
		}
		if err != nil {
			return fmt.Errorf("mount %s: %w", m.Host, err)
		}
	}
	return nil
}

// openShare opens the directory of a share, which must be the user's. No link
// stands in for it: where it leads may change between this look and the next.
func openShare(m providers.Mount) (*os.File, error) {
	if strings.ContainsFunc(m.Host+m.Guest, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, errors.New("its path has control characters: give it another name")
	}
	real, err := filepath.EvalSymlinks(m.Host)
	if err != nil {
		return nil, err
	}
	if real != filepath.Clean(m.Host) {
		return nil, fmt.Errorf("its path goes through a symbolic link: name the directory itself, %s", real)
	}
	dir, err := os.Open(real)
	if err != nil {
		return nil, err
	}
	opened, err := dir.Stat()
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	named, err := os.Lstat(real)
	switch {
	case err != nil:
	case !opened.IsDir():
		err = errors.New("it is no directory")
	case !os.SameFile(opened, named):
		err = errors.New("it changed while it was looked at: do so again")
	case owner(opened) != os.Geteuid():
		err = errors.New("it is not yours: name one of your own")
	}
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	return dir, nil
}

// shareMark is the option by which our lines in a guest's fstab are known. mount
// takes what begins so for a comment.
const shareMark = "x-benchtest"

// shareScript has a guest mount these, now and whenever it boots, and nothing
// that it was told of before. It hides no files of the guest's own.
func shareScript(mounts []providers.Mount) string {
	var b strings.Builder
	b.WriteString("set -eu\nsed -i '/ [^ ]*" + shareMark + "[ ,]/d' /etc/fstab\n")
	for _, m := range mounts {
		place := m.Place()
		how := "ro"
		if m.Writable {
			how = "rw"
		}
		word := providers.ShellWord(place)
		line := fmt.Sprintf("%s %s virtiofs %s,nosuid,nodev,nofail,%s 0 0", tagOf(m), fstabWord(place), how, shareMark)
		fmt.Fprintf(&b, "printf '%%s\\n' %s >>/etc/fstab\n", providers.ShellWord(line))
		fmt.Fprintf(&b, `if ! mountpoint -q %[1]s; then
	mkdir -p %[1]s
	if [ -n "$(ls -A %[1]s)" ]; then
		echo "the guest has files of its own at" %[1]s", which would be hidden" >&2
		exit 1
	fi
	mount %[1]s
fi
`, word)
	}
	return b.String()
}

// fstabWord is a path as fstab has it.
func fstabWord(path string) string {
	return strings.NewReplacer(" ", `\040`, `\`, `\134`, "#", `\043`).Replace(path)
}
