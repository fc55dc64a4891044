package lima

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// guestSays makes an instance whose every port answers a line with what says
// returns, and a provider that has it.
func guestSays(t *testing.T, says func(nonce, request string) string) *Provider {
	t.Helper()
	dir, err := os.MkdirTemp("", "bt-") //nolint:usetesting // a socket's path must be short
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	p := &Provider{tool: tool{settings: settings{home: dir}}}
	require.NoError(t, os.Mkdir(p.tool.dir("i"), 0o700))
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "unix", filepath.Join(p.tool.dir("i"), "steward0.sock"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for lines := bufio.NewScanner(c); lines.Scan(); {
					if nonce, request, ok := strings.Cut(lines.Text(), " "); ok {
						_, _ = c.Write([]byte(says(nonce, request)))
					}
				}
			}()
		}
	}()
	return p
}

// What comes by the serial line may be the guest's doing.
func TestTellSteward(t *testing.T) {
	t.Parallel()
	hello := func(request, other string) string {
		if request == "hello" {
			return "0"
		}
		return other
	}
	for _, tc := range []struct {
		name string
		says func(nonce, request string) string
		want string // of the error; empty: none
	}{
		{"well", func(nonce, _ string) string { return "\n" + nonce + " 0\n" }, ""},
		{"what was left of a session first", func(nonce, _ string) string { return "\x00\xff" + strings.Repeat("x", 100<<10) + "\n" + nonce + " 0\n" }, ""},
		{"a failure", func(nonce, request string) string { return "\n" + nonce + " " + hello(request, "7") + "\n" }, `exit status "7"`},
		{"no number", func(nonce, request string) string {
			return "\n" + nonce + " " + hello(request, strings.Repeat("9", 99)) + "\n"
		}, `exit status "99999999999999999999"`},
		{"another's answer", func(string, string) string { return "\nNONCE 0\n" }, "deadline exceeded"},
		{"nothing", func(string, string) string { return "" }, "deadline exceeded"},
		{"more than anybody wants", func(string, string) string { return strings.Repeat("lies\n", 1<<18) }, "babbles"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := guestSays(t, tc.says)
			limit := 20 * time.Second
			if tc.want == "deadline exceeded" {
				limit = 300 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			err := p.wakeBySteward(ctx, "i")
			if tc.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tc.want)
			}
		})
	}
}

// A port takes one caller at a time, also of other processes.
func TestDialSteward_ports(t *testing.T) {
	t.Parallel()
	p := guestSays(t, func(nonce, _ string) string { return "\n" + nonce + " 0\n" })
	for i := 1; i < stewardPorts; i++ {
		require.NoError(t, os.Symlink("steward0.sock", filepath.Join(p.tool.dir("i"), "steward"+string(rune('0'+i))+".sock")))
	}
	var open []*stewardConn
	for range stewardPorts {
		c, err := p.dialSteward(t.Context(), "i")
		require.NoError(t, err)
		open = append(open, c)
	}
	_, err := p.dialSteward(t.Context(), "i")
	require.ErrorIs(t, err, errInUse)
	require.NoError(t, open[2].Close())
	c, err := p.dialSteward(t.Context(), "i")
	require.NoError(t, err)
	require.NoError(t, c.Close())
	for _, i := range []int{0, 1, 3} {
		require.NoError(t, open[i].Close())
	}
}

// A port whose guest is at work for somebody who gave up is passed over.
func TestDialSteward_stuck(t *testing.T) {
	t.Parallel()
	p := guestSays(t, func(string, string) string { return "" })
	other := guestSays(t, func(nonce, _ string) string { return "\n" + nonce + " 0\n" })
	require.NoError(t, os.Symlink(filepath.Join(other.tool.dir("i"), "steward0.sock"), filepath.Join(p.tool.dir("i"), "steward1.sock")))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	c, err := p.dialSteward(ctx, "i")
	require.NoError(t, err)
	require.NoError(t, c.Close())
}

// A guest that reads no more holds nobody up, and neither does one that has
// nobody at the port.
func TestGreet(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		heard bool
		want  string
	}{
		{"nobody", false, errNobody.Error()},
		{"it reads no more", true, "deadline exceeded"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			ours, theirs := net.Pipe() // a write waits for its reader
			t.Cleanup(func() { _ = theirs.Close() })
			c := &stewardConn{Conn: ours, in: bufio.NewReader(ours), lock: flock.New(filepath.Join(t.TempDir(), "lock"))}
			if !tc.heard {
				go func() { _, _ = io.Copy(io.Discard, theirs) }()
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			require.ErrorContains(t, c.greet(ctx, func() bool { return tc.heard }), tc.want)
			require.NoError(t, c.Close())
		})
	}
	t.Run("it answers and reads no more", func(t *testing.T) {
		t.Parallel()
		ours, theirs := net.Pipe()
		t.Cleanup(func() { _ = theirs.Close() })
		c := &stewardConn{Conn: ours, in: bufio.NewReader(ours), lock: flock.New(filepath.Join(t.TempDir(), "lock"))}
		go func() {
			in := bufio.NewReader(theirs)
			_, _ = in.ReadString('\n')
			line, _ := in.ReadString('\n')
			time.Sleep(200 * time.Millisecond) // the next hello is under way, and nobody takes it
			nonce, _, _ := strings.Cut(line, " ")
			_, _ = theirs.Write([]byte("\n" + nonce + " 0\n"))
		}()
		require.NoError(t, c.greet(t.Context(), func() bool { return true }))
		require.NoError(t, c.Close())
	})
}

// The service starts with the last port.
func TestAdoptScript(t *testing.T) {
	t.Parallel()
	assert.Contains(t, adoptScript, fmt.Sprintf(`ATTR{name}=="benchtest.%d"`, stewardPorts-1))
}

func TestDialSteward_none(t *testing.T) {
	t.Parallel()
	p := &Provider{tool: tool{settings: settings{home: t.TempDir()}}}
	_, err := p.dialSteward(t.Context(), "i")
	require.ErrorContains(t, err, "reach its steward: ")
}
