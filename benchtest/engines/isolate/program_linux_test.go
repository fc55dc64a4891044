package isolate_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestProgram: wherever a program lies it is found and finds what it needs, and
// shows nothing else.
func TestProgram(t *testing.T) {
	t.Parallel()
	requireRoot(t)
	const script = "#!/bin/bash\ncat \"$(dirname \"$0\")/data\" \"$(dirname \"$0\")/../lib/more\" 2>/dev/null\necho started \"$@\"\n"
	for _, tt := range []struct {
		name string
		// lay puts the program on the stage and returns the command line.
		lay  func(s *stage) []string
		want []string
		not  []string
	}{
		{"in the checkout, with its data", func(s *stage) []string {
			s.write("checkout/agent/run", script, 0o755)
			s.write("checkout/agent/data", "its data\n", 0o644)
			return []string{s.path("checkout/agent/run"), "now"}
		}, []string{"started now", "its data"}, nil},
		{"in the bin of a prefix", func(s *stage) []string {
			s.write("checkout/agent/bin/run", script, 0o755)
			s.write("checkout/agent/lib/more", "its library\n", 0o644)
			return []string{s.path("checkout/agent/bin/run")}
		}, []string{"started", "its library"}, nil},
		{"a link into another directory", func(s *stage) []string {
			s.write("checkout/agent/run", script, 0o755)
			require.NoError(s.t, os.MkdirAll(s.path("checkout/tools"), 0o755))
			require.NoError(s.t, os.Symlink("../agent/run", s.path("checkout/tools/run")))
			return []string{s.path("checkout/tools/run")}
		}, []string{"started"}, nil},
		{"at the top of the checkout: alone", func(s *stage) []string {
			s.write("checkout/run", script, 0o755)
			s.write("checkout/data", canary, 0o644)
			return []string{s.path("checkout/run")}
		}, []string{"started"}, []string{canary}},
		{"among the scenarios: alone", func(s *stage) []string {
			s.write("checkout/scenarios/nginx/001-broken/run", script, 0o755)
			s.write("checkout/scenarios/nginx/001-broken/data", canary, 0o644)
			return []string{s.path("checkout/scenarios/nginx/001-broken/run")}
		}, []string{"started"}, []string{canary}},
		{"a script as an argument", func(s *stage) []string {
			s.write("checkout/agent/run", script, 0o644)
			s.write("checkout/agent/data", "its data\n", 0o644)
			return []string{"/bin/bash", s.path("checkout/agent/run"), "now"}
		}, []string{"started now", "its data"}, nil},
		{"a secret as an argument", func(s *stage) []string {
			s.write("checkout/agent/key", "its key\n", 0o600)
			return []string{"/bin/cat", s.path("checkout/agent/key")}
		}, []string{"its key"}, nil},
		{"for root's eyes only", func(s *stage) []string {
			s.write("closed/run", script, 0o700)
			require.NoError(s.t, os.Chmod(s.path("closed"), 0o700))
			return []string{s.path("closed/run")}
		}, []string{"started"}, nil},
		{"with an interpreter of its own", func(s *stage) []string {
			bash, err := os.ReadFile("/bin/bash")
			require.NoError(s.t, err)
			s.write("checkout/venv/bin/bash", string(bash), 0o755)
			s.write("checkout/agent/run", "#!"+s.path("checkout/venv/bin/bash")+"\necho started\n", 0o755)
			return []string{s.path("checkout/agent/run")}
		}, []string{"started"}, nil},
		{"the scenarios' directory as an argument", func(s *stage) []string {
			return []string{"/bin/ls", s.path("checkout/scenarios"), s.path("home")}
		}, nil, []string{"nginx", "runs"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o, s := newOffice(t), newStage(t)
			argv := tt.lay(s)
			o.confine(t, s.config())
			out := o.run(t, argv...)
			for _, want := range tt.want {
				assert.Contains(t, out, want)
			}
			for _, not := range tt.not {
				assert.NotContains(t, out, not)
			}
		})
	}
}

// TestCell_sight: what is there and what is not, as the program sees it.
func TestCell_sight(t *testing.T) {
	t.Parallel()
	requireRoot(t)
	o, s := newOffice(t), newStage(t)
	o.confine(t, s.config())
	out := o.sh(t, s.words.Replace(`
ls -A CHECKOUT BOOK /home | grep -v : | grep . && echo "something is there"
echo fds $(ls /proc/self/fd)
echo "host $(uname -n)"
echo "groups $(id -G)"
cat /proc/self/mountinfo`))
	assert.NotContains(t, out, "something is there")
	assert.Contains(t, out, "fds 0 1 2 3\n", "the standard streams, and what ls looks through")
	assert.Contains(t, out, "host localhost\n")
	assert.Regexp(t, `(?m)^groups 21\d{8}$`, out)
	assert.NotContains(t, out, "/run/benchtest/", "mounts of other attempts are let go")
}
