package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The device reads as ended while nobody is connected: that ends a session, and
// else it is waited out.
func TestPort(t *testing.T) {
	t.Parallel()
	for _, called := range []bool{true, false} {
		t.Run(fmt.Sprint(called), func(t *testing.T) {
			t.Parallel()
			fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
			require.NoError(t, err)
			f := os.NewFile(uintptr(fds[0]), "port")
			p, err := newPort(f)
			require.NoError(t, err)
			if called {
				p.call()
			}
			require.NoError(t, unix.Close(fds[1]))
			read := make(chan error, 1)
			go func() {
				_, err := p.Read(make([]byte, 1))
				read <- err
			}()
			if called {
				require.ErrorIs(t, <-read, io.EOF)
				p.hangUp()
				_, err := p.Read(make([]byte, 1))
				require.ErrorIs(t, err, os.ErrDeadlineExceeded)
				require.NoError(t, f.Close())
				return
			}
			select {
			case err := <-read:
				assert.Fail(t, "the read ended", "%v", err)
			case <-time.After(100 * time.Millisecond):
			}
			require.NoError(t, f.Close())
			require.Error(t, <-read)
		})
	}
}

// A slowLine takes a byte when it is told to.
type slowLine struct {
	line
	writing, told chan struct{}
}

func (l slowLine) Write(b []byte) (int, error) {
	close(l.writing)
	<-l.told
	return len(b), nil
}
func (slowLine) hangUp() {}

// A session is over when its last write is, or the next one would get it.
func TestDialog_await(t *testing.T) {
	t.Parallel()
	l := slowLine{writing: make(chan struct{}), told: make(chan struct{})}
	d := &dialog{line: l}
	go func() { _, _ = d.Write([]byte("late")) }()
	<-l.writing
	require.NoError(t, d.Close())
	over := make(chan struct{})
	go func() {
		d.await()
		close(over)
	}()
	select {
	case <-over:
		assert.Fail(t, "it is over while something writes")
	case <-time.After(50 * time.Millisecond):
	}
	close(l.told)
	<-over
	_, err := d.Write([]byte("later"))
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = d.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
}

func TestParseWake(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, request string
		want          time.Time
		seed          string
		bad           bool
	}{
		{"as it is", "1700000000 123456789 SEED", time.Unix(1700000000, 123456789), "SEED", false},
		{"a zero in front", "1700000000 045678901 SEED", time.Unix(1700000000, 45678901), "SEED", false},
		{"no seed", "1700000000 045678901", time.Time{}, "", true},
		{"no number", "now 0 SEED", time.Time{}, "", true},
		{"no nanoseconds", "1 x SEED", time.Time{}, "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			now, seed, err := parseWake(tc.request)
			if tc.bad {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			assert.True(t, tc.want.Equal(now), now)
			assert.Equal(t, tc.seed, seed)
		})
	}
}

// The steward's own priority is not its commands'.
func TestStart_priority(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root may raise a priority: sudo go test ./providers/lima/steward")
	}
	runtime.LockOSThread() // and never unlocked: the thread ends with the test
	require.NoError(t, unix.Setpriority(unix.PRIO_PROCESS, 0, -7))
	cmd := shell("-c", "cut -d' ' -f19 /proc/self/stat")
	var out bytes.Buffer
	cmd.Stdout = &out
	require.NoError(t, start(cmd))
	require.NoError(t, cmd.Wait())
	assert.Equal(t, "0", strings.TrimSpace(out.String()))
	own, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	require.NoError(t, err)
	assert.Equal(t, -7, 20-own)
}
