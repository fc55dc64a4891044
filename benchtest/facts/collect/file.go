//go:build linux

package collect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// maxHashed is the size up to which a file's digest is taken: a giant, sparse
// or not, must not use up the limit of a sample that is taken every second.
const maxHashed = 256 << 20

func file(ctx context.Context, s *session, q facts.Query) (finding, error) {
	if !strings.HasPrefix(q.Subject, "/") {
		return finding{}, fmt.Errorf("file %q: want an absolute path", q.Subject)
	}
	st, err := s.env.Root.Lstat(q.Subject)
	if notThere(err) {
		return finding{attrs: map[string]any{"exists": false}, raw: err.Error()}, nil
	}
	if err != nil {
		return finding{}, err
	}
	names, err := s.readAccounts(ctx)
	if err != nil {
		return finding{}, err
	}
	found := finding{attrs: map[string]any{
		"exists":   true,
		"filetype": fileType(st.Mode),
		"mode":     fmt.Sprintf("%04o", st.Mode&0o7777),
		"owner":    names.userName(s.env.UIDs.Inside(st.Uid)),
		"group":    names.groupName(s.env.GIDs.Inside(st.Gid)),
		"size":     st.Size,
		"mtime":    time.Unix(st.Mtim.Unix()).UTC().Format(facts.TimeLayout),
	}}
	if st.Mode&unix.S_IFMT == unix.S_IFLNK {
		target, err := s.env.Root.Readlink(q.Subject)
		if err != nil {
			return finding{}, err
		}
		found.attrs["linked-to"] = target
	}
	return found, s.readContents(ctx, q.Subject, &found)
}

// readContents adds contents and digest of a regular file. What is no regular
// file, behind a link perhaps, has neither.
func (s *session) readContents(ctx context.Context, name string, found *finding) error {
	f, err := s.env.Root.Open(name)
	if errors.Is(err, errNotRegular) || errors.Is(err, fs.ErrPermission) || notThere(err) {
		found.raw = err.Error()
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	var head strings.Builder
	sum := sha256.New()
	limited := io.LimitReader(&ctxReader{ctx, f}, maxHashed+1)
	kept, err := io.Copy(io.MultiWriter(&head, sum), io.LimitReader(limited, int64(s.maxBytes())+1))
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	found.truncated = kept > int64(s.maxBytes())
	found.attrs["contents"] = textOf(head.String())
	rest, err := io.Copy(sum, limited)
	switch {
	case kept+rest > maxHashed:
		found.raw = fmt.Sprintf("no sha256: larger than %d MiB", maxHashed>>20)
	case errors.Is(err, context.DeadlineExceeded):
		found.raw = "no sha256: not read within the limit"
	case err != nil:
		return fmt.Errorf("read %s: %w", name, err)
	default:
		found.attrs["sha256"] = hex.EncodeToString(sum.Sum(nil))
	}
	return nil
}

// textOf is what can be searched in a file: all of a text, one byte more than
// is kept where it is cut. Of a binary, which a NUL tells, each run of bytes
// that are no text is one U+FFFD: as they are, they would fill an answer with
// escapes.
func textOf(head string) string {
	if !strings.Contains(head, "\x00") {
		return head
	}
	var b strings.Builder
	gap := false
	for _, r := range head {
		text := r != utf8.RuneError && (unicode.IsPrint(r) || r == '\n' || r == '\t')
		switch {
		case text:
			b.WriteRune(r)
		case !gap:
			b.WriteRune(utf8.RuneError)
		}
		gap = !text
	}
	return b.String()
}

func fileType(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return "file"
	case unix.S_IFDIR:
		return "directory"
	case unix.S_IFLNK:
		return "symlink"
	case unix.S_IFIFO:
		return "fifo"
	case unix.S_IFSOCK:
		return "socket"
	case unix.S_IFCHR:
		return "character-device"
	case unix.S_IFBLK:
		return "block-device"
	}
	return "unknown"
}
