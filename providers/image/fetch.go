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

func (s Store) download(ctx context.Context, url, sum, out string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	idle := time.AfterFunc(idleDownload, func() { cancel(errIdle) })
	defer idle.Stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	client := http.Client{Transport: s.Transport, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if req.URL.Scheme != "https" {
			return errPlain
		}
		if len(via) > 10 {
			return errors.New("it leads on and on")
		}
		return nil
	}}
	resp, err := client.Do(req)
	if err != nil {
		if errors.Is(err, errPlain) {
			return err
		}
		return fmt.Errorf("%w: %w", providers.ErrUnavailable, errors.Join(context.Cause(ctx), err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: the server says %s", providers.ErrUnavailable, resp.Status)
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	name, h := hashOf(sum)
	body := &alive{r: io.LimitReader(resp.Body, maxDownload+1), sign: func() { idle.Reset(idleDownload) }}
	n, err := io.Copy(io.MultiWriter(f, h), body)
	switch {
	case err != nil:
		return fmt.Errorf("%w: after %d bytes: %w", providers.ErrUnavailable, n, errors.Join(context.Cause(ctx), err))
	case n > maxDownload:
		return fmt.Errorf("it is longer than %d GiB", maxDownload>>30)
	}
	_, err = verify("what came", name+hex.EncodeToString(h.Sum(nil)), sum)
	return err
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
