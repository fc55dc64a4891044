package benchtest

import (
	"io"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPlace(t *testing.T) {
	t.Parallel()
	captured := surroundings{tty: true} // go test ./scenarios/... in a terminal
	for _, tc := range []struct {
		name string
		mode string
		s    surroundings
		want place
	}{
		{"go test in the package's directory, or the binary itself", "auto", surroundings{stdout: true, stderr: true, tty: true}, onStdout},
		{"go test -v there", "auto", surroundings{stdout: true, stderr: true, tty: true, verbose: true}, onStdout},
		{"standard output is a file", "auto", surroundings{stderr: true, tty: true}, onStderr},
		{"go test with packages", "auto", captured, controlling},
		{"go test with packages, which prints as we do", "auto", surroundings{tty: true, verbose: true}, plainLines},
		{"gotestsum, or go test -json", "auto", surroundings{tty: true, verbose: true, json: true}, noPlace},
		{"CI with a terminal", "auto", surroundings{stdout: true, stderr: true, ci: true}, plainLines},
		{"CI", "auto", surroundings{ci: true}, plainLines},
		{"a pipe, or in the background", "auto", surroundings{}, plainLines},
		{"a terminal that can only print", "auto", surroundings{stdout: true, tty: true, dumb: true}, plainLines},

		{"tty in CI", "tty", surroundings{stdout: true, ci: true}, onStdout},
		{"tty beside go test -v", "tty", surroundings{tty: true, verbose: true}, controlling},
		{"tty beside gotestsum", "tty", surroundings{tty: true, verbose: true, json: true}, controlling},
		{"plain on a terminal", "plain", surroundings{stdout: true, tty: true}, plainLines},
		{"plain for gotestsum", "plain", surroundings{tty: true, verbose: true, json: true}, plainLines},
		{"none on a terminal", "none", surroundings{stdout: true, tty: true}, noPlace},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := tc.s.place(tc.mode)
			require.NoError(t, err)
			assert.Equal(t, tc.want, got)
		})
	}
	for name, s := range map[string]surroundings{"nothing": {}, "a dumb terminal": {stdout: true, tty: true, dumb: true}} {
		_, err := s.place("tty")
		assert.ErrorIs(t, err, errNoTerminal, name)
	}
}

func TestAround(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name      string
		verbosity string
		env       map[string]string
		want      surroundings
	}{
		{"nothing set", "", nil, surroundings{dumb: true}},
		{"a terminal", "false", map[string]string{"TERM": "xterm"}, surroundings{}},
		{"a dumb one", "false", map[string]string{"TERM": "dumb"}, surroundings{dumb: true}},
		{"CI", "true", map[string]string{"TERM": "xterm", "CI": "true"}, surroundings{ci: true, verbose: true}},
		{"no CI", "true", map[string]string{"TERM": "xterm", "CI": "False"}, surroundings{verbose: true}},
		{"JSON", "test2json", map[string]string{"TERM": "xterm"}, surroundings{verbose: true, json: true}},
	} {
		got := around(tc.verbosity, func(name string) string { return tc.env[name] })
		got.stdout, got.stderr, got.tty = false, false, false // as the tests' are
		assert.Equal(t, tc.want, got, tc.name)
	}
}

// A terminal that is for somebody else is left alone, unless it is our own
// standard output, to which we print as everybody does.
func TestNewScreen_notOurs(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name          string
		own           bool
		columns, rows int
		shown         string
	}{
		{"standard output", true, 100, 30, "ours\r\nend"},
		{"/dev/tty", false, 0, 0, "end"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			person, tty, err := pty.Open() // of no session: our process group is not in its foreground
			require.NoError(t, err)
			defer person.Close()
			defer tty.Close()
			require.NoError(t, pty.Setsize(tty, &pty.Winsize{Rows: 30, Cols: 100}))

			s := newScreen(tty, tc.own, false)
			columns, rows := s.Size()
			assert.Equal(t, []int{tc.columns, tc.rows}, []int{columns, rows})
			n, err := io.WriteString(s, "ours\n")
			require.NoError(t, err)
			assert.Equal(t, 5, n)

			_, err = io.WriteString(tty, "end") // past the screen
			require.NoError(t, err)
			got := make([]byte, len(tc.shown))
			_, err = io.ReadFull(person, got)
			require.NoError(t, err)
			assert.Equal(t, tc.shown, string(got))
		})
	}
}
