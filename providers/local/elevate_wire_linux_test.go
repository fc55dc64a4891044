package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

// pair returns two ends of one connection.
func pair(t *testing.T) (a, b *net.UnixConn) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s"), Net: "unix"})
	require.NoError(t, err)
	defer func() { assert.NoError(t, l.Close()) }()
	a, err = net.DialUnix("unix", nil, l.Addr().(*net.UnixAddr))
	require.NoError(t, err)
	b, err = l.AcceptUnix()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, errors.Join(a.Close(), b.Close())) })
	return a, b
}

func TestFramesCarryFiles(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, []byte("inside"), 0o600))
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	sent := make(chan error, 1)
	go func() {
		for _, file := range []*os.File{nil, f, nil} {
			if err := writeFrame(a, reply{Progress: "step", Output: make([]byte, 1<<20)}, file); err != nil {
				sent <- err
				return
			}
		}
		sent <- a.CloseWrite()
	}()
	for i := range 3 {
		var r reply
		file, err := readFrame(b, &r)
		require.NoError(t, err)
		assert.Equal(t, "step", r.Progress)
		assert.Equal(t, i == 1, file != nil, "the file comes with its own frame")
		if file != nil {
			data, err := io.ReadAll(file)
			require.NoError(t, err)
			assert.Equal(t, "inside", string(data))
			require.NoError(t, file.Close())
		}
	}
	_, err = readFrame(b, &reply{})
	require.ErrorIs(t, err, io.EOF)
	require.NoError(t, <-sent)
}

func TestFrameTooLong(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	_, err := a.Write([]byte{0xff, 0xff, 0xff, 0xff})
	require.NoError(t, err)
	_, err = readFrame(b, &reply{})
	require.ErrorIs(t, err, errTooLong)
}

func TestErrorsKeepTheirKind(t *testing.T) {
	t.Parallel()
	for _, target := range []error{providers.ErrNotFound, ErrTemplateInUse, context.Canceled, context.DeadlineExceeded, syscall.ECONNREFUSED} {
		got := fail(fmt.Errorf("dial x: %w", target)).err()
		require.ErrorIs(t, got, target)
		assert.Equal(t, "dial x: "+target.Error(), got.Error())
	}
	require.EqualError(t, fail(io.ErrUnexpectedEOF).err(), io.ErrUnexpectedEOF.Error())
	require.NoError(t, reply{Done: true}.err())
}

func TestTemplateSurvivesItsWay(t *testing.T) {
	t.Parallel()
	base := providers.Template{Name: "base", Digest: "00", Suite: "bookworm", Packages: []string{"a", "b"}, Progress: func(string) {}}
	tmpl := providers.Template{
		Name: "x", Digest: "11", Base: &base, Provision: "provision.sh", VCPU: 1, MemoryMiB: 2, DiskMiB: 3,
		Files: fstest.MapFS{"provision.sh": {Data: []byte("true")}, "files/a": {Data: []byte("b")}},
	}
	w, err := pack(tmpl, true)
	require.NoError(t, err)
	got, err := w.unpack()
	require.NoError(t, err)
	data, err := fs.ReadFile(got.Files, "files/a")
	require.NoError(t, err)
	assert.Equal(t, "b", string(data))
	require.NotNil(t, got.Base)
	base.Progress = nil
	assert.Equal(t, base, *got.Base)
	got.Files, tmpl.Files, got.Base, tmpl.Base = nil, nil, nil, nil
	assert.Equal(t, tmpl, got)
}
