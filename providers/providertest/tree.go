package providertest

import (
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/pkg/sftp"
)

// A tree serves a directory over SFTP and never leaves it.
type tree struct{ root *os.Root }

func openTree(dir string) (*tree, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &tree{root}, nil
}

func (t *tree) close() { _ = t.root.Close() }

func (t *tree) handlers() sftp.Handlers {
	return sftp.Handlers{FileGet: t, FilePut: t, FileCmd: t, FileList: t}
}

// inside turns a guest's path into one below the root. Relative paths begin
// there: it is everybody's home.
func inside(name string) string {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	if name == "" {
		return "."
	}
	return name
}

// Fileread opens a file to download.
func (t *tree) Fileread(r *sftp.Request) (io.ReaderAt, error) {
	return t.root.Open(inside(r.Filepath))
}

// Filewrite opens a file to upload.
func (t *tree) Filewrite(r *sftp.Request) (io.WriterAt, error) {
	flags, want := os.O_WRONLY, r.Pflags()
	for _, f := range []struct {
		asked bool
		flag  int
	}{{want.Creat, os.O_CREATE}, {want.Excl, os.O_EXCL}, {want.Trunc, os.O_TRUNC}} {
		if f.asked {
			flags |= f.flag
		}
	}
	return t.root.OpenFile(inside(r.Filepath), flags, 0o644)
}

// Filecmd changes the tree.
func (t *tree) Filecmd(r *sftp.Request) error {
	name := inside(r.Filepath)
	switch r.Method {
	case "Setstat":
		if r.AttrFlags().Permissions {
			return t.root.Chmod(name, r.Attributes().FileMode())
		}
		return nil
	case "Mkdir":
		return t.root.Mkdir(name, 0o755)
	case "Remove", "Rmdir":
		return t.root.Remove(name)
	case "Rename":
		if _, err := t.root.Lstat(inside(r.Target)); err == nil {
			return fs.ErrExist
		}
		return t.root.Rename(name, inside(r.Target))
	}
	return sftp.ErrSSHFxOpUnsupported
}

// PosixRename replaces what is there.
func (t *tree) PosixRename(r *sftp.Request) error {
	return t.root.Rename(inside(r.Filepath), inside(r.Target))
}

// Filelist tells of one file; nobody asks for directories.
func (t *tree) Filelist(r *sftp.Request) (sftp.ListerAt, error) {
	if r.Method != "Stat" {
		return nil, sftp.ErrSSHFxOpUnsupported
	}
	info, err := t.root.Stat(inside(r.Filepath))
	if err != nil {
		return nil, err
	}
	return oneFile{info}, nil
}

// oneFile is a list of one.
type oneFile struct{ info fs.FileInfo }

func (o oneFile) ListAt(to []fs.FileInfo, offset int64) (int, error) {
	if offset > 0 || len(to) == 0 {
		return 0, io.EOF
	}
	to[0] = o.info
	return 1, nil
}

var _ interface {
	sftp.FileReader
	sftp.FileWriter
	sftp.FileCmder
	sftp.PosixRenameFileCmder
	sftp.FileLister
} = (*tree)(nil)

// isFile reports whether name is a regular file.
func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
