package soak_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// template is the directory of the one build of a template, or nothing.
func (s *stage) template(t *testing.T, name string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(s.home, "templates", "template-"+name+"-????????"))
	require.NoError(t, err)
	require.LessOrEqual(t, len(found), 1)
	return strings.Join(found, "")
}

// snapshot is a digest of all that a template's files are, times included, but
// for what a hard link in another home changes.
func (s *stage) snapshot(t *testing.T, name string) string {
	t.Helper()
	sum := sha256.New()
	s.walk(t, name, func(path string, st *syscall.Stat_t, link string) {
		_, _ = fmt.Fprintf(sum, "%q %o %d:%d %d %d %d.%d %q\n", path, st.Mode, st.Uid, st.Gid, st.Size, st.Ino, st.Mtim.Sec, st.Mtim.Nsec, link)
	})
	return hex.EncodeToString(sum.Sum(nil))
}

// manifest is what two builds of a template have in common: its files, but for
// what a guest that booted wrote at its own times. Empty: it is not built.
func (s *stage) manifest(t *testing.T, name string) string {
	t.Helper()
	var b strings.Builder
	s.walk(t, name, func(path string, st *syscall.Stat_t, link string) {
		for _, own := range []string{"/build.log", "/meta.json", "/layer/var/log", "/layer/var/cache", "/layer/var/lib/systemd"} {
			if strings.HasPrefix(path, own) {
				return
			}
		}
		_, _ = fmt.Fprintf(&b, "%s %o %d:%d %s\n", path, st.Mode, st.Uid, st.Gid, link)
	})
	return b.String()
}

func (s *stage) walk(t *testing.T, name string, visit func(path string, st *syscall.Stat_t, link string)) {
	t.Helper()
	root := s.template(t, name)
	if root == "" {
		return
	}
	require.NoError(t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		link := ""
		if info.Mode()&fs.ModeSymlink != 0 {
			link, err = os.Readlink(path)
		}
		visit(strings.TrimPrefix(path, root), info.Sys().(*syscall.Stat_t), link)
		return err
	}))
}
