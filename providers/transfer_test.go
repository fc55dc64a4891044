package providers_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/providertest"
)

func TestUploadAtomic(t *testing.T) {
	t.Parallel()
	s, f := open(t, providertest.FakeOptions{})
	dir := f.Live()["benchtest-1"].Dir()
	require.NoError(t, s.Upload(t.Context(), strings.NewReader("old"), "/etc/deep/file", 0))
	info, err := os.Stat(filepath.Join(dir, "etc/deep/file"))
	require.NoError(t, err)
	assert.EqualValues(t, 0o644, info.Mode())

	broken := errors.New("the disk here is broken")
	half := io.MultiReader(bytes.NewReader(make([]byte, 1<<20)), errReader{broken})
	require.ErrorIs(t, s.Upload(t.Context(), half, "/etc/deep/file", 0), broken)
	got, err := os.ReadFile(filepath.Join(dir, "etc/deep/file"))
	require.NoError(t, err)
	assert.Equal(t, "old", string(got), "half an upload changes nothing")
	left, err := os.ReadDir(filepath.Join(dir, "etc/deep"))
	require.NoError(t, err)
	assert.Len(t, left, 1, "and leaves nothing")
}

type errReader struct{ err error }

func (e errReader) Read([]byte) (int, error) { return 0, e.err }

// TestHostileFiles checks Download against servers that lie, babble or hang.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	serve := func(files sftp.Handlers) func(*rogue, int, ssh.NewChannel) {
		return func(_ *rogue, _ int, fresh ssh.NewChannel) {
			if c := take(fresh); c != nil {
				_ = sftp.NewRequestServer(c, files).Serve()
				_ = c.Close()
			}
		}
	}
	raw := func(say func(c *taken)) func(*rogue, int, ssh.NewChannel) {
		return func(_ *rogue, _ int, fresh ssh.NewChannel) {
			if c := take(fresh); c != nil {
				say(c)
				<-c.gone
			}
		}
	}
	tests := []struct {
		name    string
		channel func(*rogue, int, ssh.NewChannel)
		is      error
		says    string
	}{
		{"endless, and says it has ten bytes", serve(sftp.Handlers{FileGet: endless{}, FileList: endless{}}), providers.ErrTooLarge, ""},
		{"never says its version", raw(func(*taken) {}), context.DeadlineExceeded, ""},
		{"a packet of 4 GB", raw(func(c *taken) { _, _ = c.Write([]byte("\xff\xff\xff\xff\x02")) }), nil, "sftp"},
		{"a version and silence", raw(func(c *taken) { _, _ = c.Write(packet(2, 3)) }), context.DeadlineExceeded, ""},
		{"an answer nobody asked for", raw(func(c *taken) {
			_, _ = c.Write(packet(2, 3))
			_, _ = c.Write(packet(101, 77))
		}), nil, "connection lost"},
		{"refuses sftp", func(_ *rogue, _ int, fresh ssh.NewChannel) {
			_, requests, _ := fresh.Accept()
			ssh.DiscardRequests(requests)
		}, nil, "refuses"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newRogue(t, tt.channel).sandbox(t)
			var got bytes.Buffer
			err := s.Download(within(t, 500*time.Millisecond), "/etc/passwd", &got, 100_000)
			require.Error(t, err)
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			}
			require.ErrorContains(t, err, tt.says)
			assert.LessOrEqual(t, got.Len(), 100_000)
		})
	}
}

// packet is an SFTP packet of a kind and one number.
func packet(kind byte, n uint32) []byte {
	p := binary.BigEndian.AppendUint32(nil, 5)
	return binary.BigEndian.AppendUint32(append(p, kind), n)
}

// endless is a file without an end that states a size of ten.
type endless struct{ os.FileInfo }

func (endless) Fileread(*sftp.Request) (io.ReaderAt, error)   { return endless{}, nil }
func (endless) Filelist(*sftp.Request) (sftp.ListerAt, error) { return endless{}, nil }
func (endless) ReadAt(p []byte, _ int64) (int, error)         { return len(p), nil }
func (e endless) ListAt(to []os.FileInfo, _ int64) (n int, _ error) {
	return copy(to, []os.FileInfo{e}), nil
}
func (endless) Name() string       { return "passwd" }
func (endless) Size() int64        { return 10 }
func (endless) Mode() os.FileMode  { return 0o644 }
func (endless) ModTime() time.Time { return time.Time{} }
func (endless) IsDir() bool        { return false }
func (endless) Sys() any           { return nil }
