package bastion

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestArgvOf(t *testing.T) {
	t.Parallel()
	shell := func(line string) []string { return []string{"sh", "-c", line} }
	for _, tt := range []struct {
		line string
		want []string
	}{
		{"nginx -t", []string{"nginx", "-t"}},
		{"  sudo\tnginx  -t ", []string{"sudo", "nginx", "-t"}},
		{`echo 'a b' "c d" e\ f`, []string{"echo", "a b", "c d", "e f"}},
		{`echo "a\"b\\c\d" ''`, []string{"echo", `a"b\c\d`, ""}},
		{`echo a'b'"c"`, []string{"echo", "abc"}},
		{"ls /etc/*.conf", []string{"ls", "/etc/*.conf"}},
		{"bash -c 'a && b; $c'", []string{"bash", "-c", "a && b; $c"}},
		{"dd if=/dev/zero", []string{"dd", "if=/dev/zero"}},
		{"a && b", shell("a && b")},
		{"a|b", shell("a|b")},
		{"a; b", shell("a; b")},
		{"a\nb", shell("a\nb")},
		{"echo $HOME", shell("echo $HOME")},
		{`echo "$(id)"`, shell(`echo "$(id)"`)},
		{"echo `id`", shell("echo `id`")},
		{"A=b id", shell("A=b id")},
		{"id # not me", shell("id # not me")},
		{"echo 'open", shell("echo 'open")},
		{`echo "open`, shell(`echo "open`)},
		{`echo \`, shell(`echo \`)},
		{"", shell("")},
		{"   ", shell("   ")},
	} {
		t.Run(tt.line, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, argvOf(tt.line))
		})
	}
}

func TestReadsCommands(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"bash":                      true,
		"bash -s":                   true,
		"bash -l":                   true,
		"/bin/sh -s a b":            true,
		"sudo -i":                   true,
		"sudo -u root -i":           true,
		"sudo bash":                 true,
		"sudo -n -u root bash -x":   true,
		"sudo su -":                 true,
		"su root":                   true,
		"env A=b bash":              true,
		"exec sh":                   true,
		"bash -c id":                false,
		"bash script.sh":            false,
		"sudo su -c id":             false,
		"sudo nginx -t":             false,
		"sudo -i id":                false,
		"python3":                   false,
		"sudo systemctl start bash": false,
		"cat sh":                    false,
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, want, readsCommands(argvOf(line)))
		})
	}
}

func TestTyped(t *testing.T) {
	t.Parallel()
	for input, want := range map[string][]string{
		"ls\r":                         {"ls"},
		"ls":                           {"ls"},
		"lss\x7f -l\r":                 {"ls -l"},
		"\x7f\x7fok\n":                 {"ok"},
		"rm -rf /\x03ls\r":             {"ls"},
		"rm -rf /\x15ls\r":             {"ls"},
		"nginx -s stop\x17-t\r":        {"nginx -s -t"},
		"a\x1b[A\x1b[1;5Cb\x1bOHc\r\r": {"abc"},
		"exit\x04":                     {"exit"},
		"one\ntwo\n":                   {"one", "two"},
		"\xff\r":                       {"\uFFFD"},
	} {
		t.Run(want[0], func(t *testing.T) {
			t.Parallel()
			var whole, bytewise typed
			whole.write([]byte(input))
			for i := range len(input) {
				bytewise.write([]byte{input[i]})
			}
			for _, x := range []*typed{&whole, &bytewise} {
				got, truncated := x.all()
				assert.Equal(t, want, got)
				assert.False(t, truncated)
			}
		})
	}
}

func TestWholeRunes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"": 0, "abc": 3, "aé": 3, "a\xc3": 1, "a\xe2\x82": 1, "\xf0\x9f\x98": 0, "a\xff": 2, "\x80\x80\x80\x80": 4,
	} {
		assert.Equal(t, want, wholeRunes([]byte(text)), "%q", text)
	}
}
