package providers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"sync"
	"sync/atomic"

	"github.com/pkg/sftp"
)

// Upload writes src to path in the guest: into a new file beside it, which
// gets its mode (zero: 0644) and takes the place of path when it is complete.
// Missing parents are made. A symbolic link at path is replaced, not followed.
func (s *Sandbox) Upload(ctx context.Context, src io.Reader, path string, mode os.FileMode) error {
	if mode == 0 {
		mode = 0o644
	}
	in := &guardedReader{r: src}
	defer in.over.Store(true)
	err := s.files(ctx, func(c *sftp.Client) error { return upload(c, in, path, mode) })
	if err != nil {
		return fmt.Errorf("upload %s to %s: %w", path, s.host, err)
	}
	return nil
}

func upload(c *sftp.Client, src io.Reader, name string, mode os.FileMode) (err error) {
	if err := c.MkdirAll(path.Dir(name)); err != nil {
		return fmt.Errorf("make parents: %w", err)
	}
	fresh := name + ".benchtest-" + rand.Text()
	f, err := c.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return fmt.Errorf("create: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = c.Remove(fresh)
		}
	}()
	if err := c.Chmod(fresh, mode); err != nil { // before the content: it may be secret
		return fmt.Errorf("set mode: %w", err)
	}
	if _, err := f.ReadFromWithConcurrency(src, 16); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	if err := c.PosixRename(fresh, name); err != nil {
		return fmt.Errorf("rename: %w", err)
	}
	return nil
}

// Download copies the regular file at path, symbolic links followed, to dst,
// at most maxBytes of it: one that is longer is ErrTooLarge after that many.
func (s *Sandbox) Download(ctx context.Context, path string, dst io.Writer, maxBytes int64) error {
	out := &guardedWriter{w: dst}
	defer out.abandon()
	err := s.files(ctx, func(c *sftp.Client) error { return download(c, path, out, maxBytes) })
	if err != nil {
		return fmt.Errorf("download %s from %s: %w", path, s.host, err)
	}
	return nil
}

func download(c *sftp.Client, name string, dst io.Writer, maxBytes int64) error {
	// Opening a FIFO would wait for a writer. The check is for honest guests:
	// ctx ends what a dishonest one makes hang.
	info, err := c.Stat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("not a regular file: %s", info.Mode())
	}
	f, err := c.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // read only
	// Neither the stated size nor the length of one answer means anything:
	// /proc states zero, and reads of it are short. So: in order, to the end.
	// The struct hides File.WriteTo, which believes the size.
	n, err := io.Copy(dst, io.LimitReader(struct{ io.Reader }{f}, maxBytes))
	if err != nil {
		return err
	}
	if n >= maxBytes {
		if m, _ := f.Read(make([]byte, 1)); m > 0 {
			return fmt.Errorf("%w: over %d bytes", ErrTooLarge, maxBytes)
		}
	}
	return nil
}

// files runs do over an SFTP session of its own, which is cut when ctx ends.
func (s *Sandbox) files(ctx context.Context, do func(*sftp.Client) error) error {
	ses, err := s.session(ctx)
	if err != nil {
		return err
	}
	defer ses.close()
	done := make(chan error, 1)
	go func() { done <- ses.files(s.access, do) }()
	select {
	case err = <-done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err != nil && !ses.link.alive() {
		return fmt.Errorf("%w (%w)", ses.link.lost(), err)
	}
	return err
}

func (s *session) files(a Access, do func(*sftp.Client) error) error {
	if err := s.start(a, "subsystem", "sftp"); err != nil {
		return fmt.Errorf("start sftp: %w", err)
	}
	go func() { _, _ = io.Copy(io.Discard, s.ch.Stderr()) }()
	c, err := sftp.NewClientPipe(s.ch, s.ch)
	if err != nil {
		return fmt.Errorf("start sftp: %w", err)
	}
	err = do(c)
	s.close() // and not c.Close, which waits for the server
	return err
}

// errAbandoned is what a transfer sees whose caller has gone.
var errAbandoned = errors.New("transfer abandoned")

// A guardedReader is a source that is left alone once the transfer is over,
// but for one Read that may be under way.
type guardedReader struct {
	r    io.Reader
	over atomic.Bool
}

func (g *guardedReader) Read(p []byte) (int, error) {
	if g.over.Load() {
		return 0, errAbandoned
	}
	return g.r.Read(p)
}

// A guardedWriter is a destination that is left alone once the transfer is over.
type guardedWriter struct {
	mu   sync.Mutex
	w    io.Writer
	over bool
}

func (g *guardedWriter) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over {
		return 0, errAbandoned
	}
	return g.w.Write(p)
}

func (g *guardedWriter) abandon() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.over = true
}
