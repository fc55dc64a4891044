package image

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
)

// The limits of a download.
const (
	maxDownload  = 16 << 30 // bytes
	idleDownload = time.Minute
)

// Fetch returns the path of a file with the checksum sum ("sha256:HEX" or
// "sha512:HEX"), downloaded from an https URL when it is not here yet. What
// has another checksum is thrown away. A server that cannot be reached is
// providers.ErrUnavailable.
func (s Store) Fetch(ctx context.Context, url, sum string) (string, error) {
	if _, digits, ok := strings.Cut(sum, ":"); !ok || len(digits) < 16 {
		return "", fmt.Errorf("download %s: checksum %q: want sha256:HEX or sha512:HEX", url, sum)
	}
	path, err := s.ensure(ctx, fileName(sum), func(ctx context.Context, _, out string) error {
		return s.download(ctx, url, sum, out)
	})
	if err != nil {
		return "", fmt.Errorf("download %s: %w", url, err)
	}
	return path, nil
}

// fileName is of a file with a checksum.
func fileName(sum string) string {
	kind, digits, _ := strings.Cut(sum, ":")
	return "file-" + kind + "-" + digits[:min(16, len(digits))]
}

var (
	errPlain = errors.New("it leads to a URL without https")
	errIdle  = fmt.Errorf("nothing came for %s", idleDownload)
)

// resumptions is how often a download that is cut off goes on where it was.
const resumptions = 5

func (s Store) download(ctx context.Context, url, sum, out string) error {
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	name, h := hashOf(sum)
	d := &download{url: url, to: io.MultiWriter(f, h), client: http.Client{Transport: s.Transport, CheckRedirect: onlyHTTPS}}
	for range resumptions + 1 {
		was := d.done
		if err = d.part(ctx); err == nil || !d.resumable || d.done == was {
			break // where nothing came, nothing will
		}
	}
	if err != nil {
		return err
	}
	_, err = verify("what came", name+hex.EncodeToString(h.Sum(nil)), sum)
	return err
}

func onlyHTTPS(req *http.Request, via []*http.Request) error {
	if req.URL.Scheme != "https" {
		return errPlain
	}
	if len(via) > 10 {
		return errors.New("it leads on and on")
	}
	return nil
}

// A download is a file that comes in one part, or in several where it is cut
// off and the server knows the same file again.
type download struct {
	url       string
	to        io.Writer
	client    http.Client
	done      int64
	etag      string // of the file that came so far; weak ones name no bytes
	resumable bool   // the last part was cut off, and the next may go on there
}

// part asks for what is missing, and writes what comes.
func (d *download) part(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	idle := time.AfterFunc(idleDownload, func() { cancel(errIdle) })
	defer idle.Stop()
	resp, err := d.ask(ctx)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body := &alive{r: io.LimitReader(resp.Body, maxDownload+1-d.done), sign: func() { idle.Reset(idleDownload) }}
	n, err := io.Copy(d.to, body)
	d.done += n
	switch {
	case err != nil:
		d.etag = resp.Header.Get("ETag")
		d.resumable = d.etag != "" && !strings.HasPrefix(d.etag, "W/") && resp.Header.Get("Accept-Ranges") == "bytes"
		return fmt.Errorf("%w: after %d bytes: %w", providers.ErrUnavailable, d.done, errors.Join(context.Cause(ctx), err))
	case d.done > maxDownload:
		return fmt.Errorf("it is longer than %d GiB", maxDownload>>30)
	}
	return nil
}

// ask sends the request. The body of the response, which the caller closes,
// begins at the first byte that is missing.
func (d *download) ask(ctx context.Context) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url, nil)
	if err != nil {
		return nil, err
	}
	want := http.StatusOK
	if d.done > 0 {
		want = http.StatusPartialContent
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.done))
		req.Header.Set("If-Range", d.etag)
	}
	d.resumable = false
	resp, err := d.client.Do(req)
	switch {
	case errors.Is(err, errPlain):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: %w", providers.ErrUnavailable, errors.Join(context.Cause(ctx), err))
	case resp.StatusCode != want:
		_ = resp.Body.Close() // nobody reads it
		return nil, fmt.Errorf("%w: asked for byte %d and on, the server says %s", providers.ErrUnavailable, d.done, resp.Status)
	case want == http.StatusPartialContent && !strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", d.done)):
		_ = resp.Body.Close()
		return nil, fmt.Errorf("%w: the server goes on at another byte than %d", providers.ErrUnavailable, d.done)
	}
	return resp, nil
}

// alive gives a sign whenever something was read.
type alive struct {
	r    io.Reader
	sign func()
}

func (a *alive) Read(p []byte) (int, error) {
	n, err := a.r.Read(p)
	if n > 0 {
		a.sign()
	}
	return n, err
}
