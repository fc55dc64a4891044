package lima

import (
	"bufio"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	require.ErrorContains(t, err, "all 4 ports are in use")
	require.NoError(t, open[2].Close())
	c, err := p.dialSteward(t.Context(), "i")
	require.NoError(t, err)
	require.NoError(t, c.Close())
	for _, i := range []int{0, 1, 3} {
		require.NoError(t, open[i].Close())
	}
}

func TestDialSteward_none(t *testing.T) {
	t.Parallel()
	p := &Provider{tool: tool{settings: settings{home: t.TempDir()}}}
	_, err := p.dialSteward(t.Context(), "i")
	require.ErrorContains(t, err, "reach its steward: ")
}
