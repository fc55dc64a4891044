package image_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/image"
)

func sumOf(b string) string {
	sum := sha256.Sum256([]byte(b))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func TestFetch(t *testing.T) {
	t.Parallel()
	asked := 0
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		switch r.URL.Path {
		case "/plain":
			http.Redirect(w, r, "http://127.0.0.1:1/file", http.StatusFound)
		case "/moved":
			http.Redirect(w, r, "/file", http.StatusFound)
		case "/file":
			_, _ = w.Write([]byte("content"))
		case "/cut":
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("content"))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	s := image.Store{Dir: dir, System: dir, Transport: server.Client().Transport}

	path, err := s.Fetch(t.Context(), server.URL+"/file", sumOf("content"))
	require.NoError(t, err)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "content", string(b))
	was := asked
	_, err = s.Fetch(t.Context(), server.URL+"/file", sumOf("content"))
	require.NoError(t, err)
	assert.Equal(t, was, asked, "it is here")
	require.NoError(t, os.Remove(path))
	_, err = s.Fetch(t.Context(), server.URL+"/moved", sumOf("content"))
	require.NoError(t, err)

	for _, tc := range []struct {
		name, path, sum, want string
		unavailable           bool
	}{
		{"another file", "/file", sumOf("other"), "what came has the checksum " + sumOf("content"), false},
		{"absent", "/absent", sumOf("1"), "asked for byte 0 and on, the server says 404", true},
		{"cut off", "/cut", sumOf("2"), "after 7 bytes: ", true},
		{"without https", "/plain", sumOf("3"), "it leads to a URL without https", false},
		{"no checksum", "/file", "", "want sha256:HEX", false},
	} {
		_, err := s.Fetch(t.Context(), server.URL+tc.path, tc.sum)
		require.ErrorContains(t, err, tc.want, tc.name)
		assert.Equal(t, tc.unavailable, errors.Is(err, providers.ErrUnavailable), tc.name)
	}
	left, err := filepath.Glob(filepath.Join(dir, "[^.]*"))
	require.NoError(t, err)
	assert.Equal(t, []string{path}, left, "what did not come whole is not kept")
}

// A download that is cut off goes on where it was, if it is the same file.
func TestFetch_resumed(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("0123456789", 100)
	for _, tc := range []struct {
		name, etag string
		cuts       int // how often it is cut off, each time after 300 more bytes
		changes    bool
		want       string // empty: it comes whole
	}{
		{name: "once", etag: `"a"`, cuts: 1},
		{name: "often", etag: `"a"`, cuts: 3},
		{name: "another file meanwhile", etag: `"a"`, cuts: 1, changes: true, want: "asked for byte 300 and on, the server says 200"},
		{name: "no name of the file", cuts: 1, want: "after 300 bytes: "},
		{name: "a weak name", etag: `W/"a"`, cuts: 1, want: "after 300 bytes: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				w.Header().Set("ETag", tc.etag)
				if tc.changes && asked > 1 {
					w.Header().Set("ETag", `"b"`)
				}
				if asked <= tc.cuts {
					w = &cutOff{ResponseWriter: w, left: 300}
				}
				http.ServeContent(w, r, "file", time.Time{}, strings.NewReader(content))
			}))
			t.Cleanup(server.Close)
			dir := t.TempDir()
			s := image.Store{Dir: dir, System: dir, Transport: server.Client().Transport}
			path, err := s.Fetch(t.Context(), server.URL, sumOf(content))
			if tc.want != "" {
				require.ErrorContains(t, err, tc.want)
				require.ErrorIs(t, err, providers.ErrUnavailable)
				return
			}
			require.NoError(t, err)
			got, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, content, string(got))
			assert.Equal(t, tc.cuts+1, asked)
		})
	}
}

// cutOff is a connection that breaks.
type cutOff struct {
	http.ResponseWriter
	left int
}

func (c *cutOff) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p[:min(len(p), c.left)])
	if c.left -= n; c.left == 0 && err == nil {
		err = errors.New("cut off")
	}
	return n, err
}

func TestSourcesThatAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, b []byte) *providers.Source {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, b, 0o600))
		return &providers.Source{Path: path}
	}
	disk := func(at int, b byte) []byte {
		header := make([]byte, 512)
		copy(header, "QFI\xfb\x00\x00\x00\x03")
		header[at] = b
		return header
	}
	changed := write("changed.tar", tarOf(t, map[string]string{"etc/issue": "x"}))
	changed.Digest = strings.Repeat("0", 64)
	s := image.Store{Dir: filepath.Join(dir, "images"), System: dir}
	for _, tc := range []struct {
		name   string
		source *providers.Source
		make   func(providers.Template) (string, error)
		want   string
	}{
		{"a disk for containers", write("a.qcow2", disk(511, 0)), rootfsOf(t, s), "which provider lima starts, and incus with type: vm"},
		{"a disk elsewhere for containers", &providers.Source{URL: "https://127.0.0.1:1/a.qcow2", Sum: sumOf("")}, rootfsOf(t, s), "a.qcow2 is a disk, which provider lima starts, and incus with type: vm"},
		{"a disk on another", write("b.qcow2", disk(15, 1)), diskOf(t, s), "refers to another file"},
		{"a disk whose data is elsewhere", write("c.qcow2", disk(79, 4)), diskOf(t, s), "refers to another file"},
		{"half a disk", write("d.qcow2", disk(15, 1)[:50]), diskOf(t, s), "is cut off"},
		{"something else", write("e.tar", []byte("hello")), rootfsOf(t, s), "is neither a tarball nor a qcow2"},
		{"changed meanwhile", changed, rootfsOf(t, s), "has changed since"},
		{"gone", &providers.Source{Path: filepath.Join(dir, "gone")}, rootfsOf(t, s), "no such file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := tc.make(providers.Template{Name: "mine", Source: tc.source, DiskMiB: 100})
			require.ErrorContains(t, err, tc.want)
		})
	}
	path, err := s.Disk(t.Context(), providers.Template{Name: "mine", Source: write("f.qcow2", disk(511, 0))})
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(dir, "f.qcow2"), path, "a disk is taken as it is")
}

func rootfsOf(t *testing.T, s image.Store) func(providers.Template) (string, error) {
	t.Helper()
	return func(tmpl providers.Template) (string, error) { return s.Rootfs(t.Context(), tmpl) }
}

func diskOf(t *testing.T, s image.Store) func(providers.Template) (string, error) {
	t.Helper()
	return func(tmpl providers.Template) (string, error) { return s.Disk(t.Context(), tmpl) }
}

func tarOf(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, text := range files {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text)), Format: tar.FormatPAX}))
		_, err := w.Write([]byte(text))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}
