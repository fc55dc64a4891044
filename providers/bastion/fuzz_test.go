package bastion

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/google/shlex"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

// FuzzArgvOf: a command line is the words that a shell would make of it, or it
// is kept whole.
func FuzzArgvOf(f *testing.F) {
	f.Fuzz(func(t *testing.T, line string) {
		argv := argvOf(line)
		words, plain := plainWords(line)
		if !plain {
			require.Equal(t, []string{"sh", "-c", line}, argv)
			return
		}
		require.Equal(t, words, argv)
		for _, style := range []func(string) string{singleQuoted, doubleQuotedWord} {
			var again []string
			for _, w := range words {
				again = append(again, style(w))
			}
			require.Equal(t, words, argvOf(strings.Join(again, " ")), "the same words, quoted")
		}
		if !utf8.ValidString(line) || strings.Contains(line, `"`) && strings.Contains(line, `\`) {
			return // shlex reads runes, and knows other escapes inside quotes
		}
		other, err := shlex.Split(line)
		require.NoError(t, err)
		require.Equal(t, other, words)
	})
}

func singleQuoted(w string) string { return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'" }

func doubleQuotedWord(w string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(w) + `"`
}

// FuzzAsked: what a client is said to have asked for is its line, to the byte,
// or the command that one of our own wrappers holds.
func FuzzAsked(f *testing.F) {
	f.Fuzz(func(t *testing.T, env, name, arg string, damage uint16) {
		line, err := providers.Launch{Nonce: "n0", User: "agent", Env: []string{env}, Argv: []string{name, arg}}.Line()
		if err != nil {
			return
		}
		_, argv := asked(line)
		require.Equal(t, []string{"env", env, name, arg}, argv)
		at := int(damage) % len(line)
		damaged := line[:at] + line[at+1:]
		command, argv := asked(damaged)
		if l, ok := providers.ParseLaunch(damaged); ok {
			require.Equal(t, l.Argv, argv[len(argv)-len(l.Argv):], "one byte less of an argument")
			return
		}
		require.Equal(t, damaged, command)
		require.Equal(t, argvOf(damaged), argv)
	})
}

// FuzzTyped: how the input is cut makes no difference, and what was typed is
// bounded text.
func FuzzTyped(f *testing.F) {
	f.Fuzz(func(t *testing.T, input []byte, piece uint8) {
		var whole, cut typed
		whole.write(input)
		for rest := input; len(rest) > 0; {
			n := min(len(rest), int(piece)+1)
			cut.write(rest[:n])
			rest = rest[n:]
		}
		lines, truncated := whole.all()
		linesCut, truncatedCut := cut.all()
		require.Equal(t, lines, linesCut)
		require.Equal(t, truncated, truncatedCut)
		require.LessOrEqual(t, len(lines), maxTypedLines)
		for _, line := range lines {
			require.True(t, utf8.ValidString(line))
			require.NotContains(t, line, "\n")
			require.NotContains(t, line, "\x1b")
			require.LessOrEqual(t, len(line), maxTypedLine*len("\uFFFD"))
		}
	})
}

// FuzzTerminal: whatever a guest prints, the record is JSON lines that play it
// back, and no longer than its limit.
func FuzzTerminal(f *testing.F) {
	path := filepath.Join(f.TempDir(), "x.cast")
	f.Fuzz(func(t *testing.T, out []byte, piece uint8, limit uint16) {
		require.NoError(t, os.RemoveAll(path)) // cheaper than to write over it
		file, err := os.Create(path)
		require.NoError(t, err)
		var total atomic.Int64
		total.Store(1 << 20)
		term, err := newTerminal(file, Record{Host: "web1", Command: string(out)}, size{80, 24}, int64(limit), &total)
		require.NoError(t, err)
		for rest := out; len(rest) > 0; {
			n := min(len(rest), int(piece)+1)
			term.write("o", rest[:n])
			rest = rest[n:]
		}
		truncated := term.close()
		require.Equal(t, len(out) > int(limit), truncated)
		cast, err := os.ReadFile(file.Name())
		require.NoError(t, err)
		header, events, _ := strings.Cut(string(cast), "\n")
		require.True(t, json.Valid([]byte(header)))
		var played strings.Builder
		for line := range strings.Lines(events) {
			var at float64
			var code, text string
			require.NoError(t, json.Unmarshal([]byte(line), &[]any{&at, &code, &text}))
			if code == "o" {
				played.WriteString(text)
			}
		}
		want := string([]rune(string(out))) // every byte that is no text as U+FFFD
		if !truncated {
			require.Equal(t, want, played.String())
			return
		}
		require.LessOrEqual(t, played.Len(), int(limit)*len("\uFFFD"))
	})
}

// FuzzSSHConfig: what a configuration is accepted with is what OpenSSH finds in
// it: no name and no path ends its line, adds a setting or changes a command.
func FuzzSSHConfig(f *testing.F) {
	keys, err := providers.NewKeyRing()
	require.NoError(f, err)
	up := Upstream{Machine: observed{}, Access: keys.Access("root")}
	f.Fuzz(func(t *testing.T, dir, binary, host, user string) {
		c := Config{Dir: dir, Binary: binary, User: user, Hosts: map[string]Upstream{host: up}}
		if c.check() != nil {
			return
		}
		if user == "" {
			user = defaultUser
		}
		key, socket := filepath.Join(dir, "id_ed25519"), filepath.Join(dir, "ssh.sock")
		b := &Bastion{dir: dir, user: user, guests: map[string]*guest{host: nil}}
		block := readBlock(t, string(b.sshConfig(binary, key, socket)))
		require.Equal(t, host, block["Host"])
		require.Equal(t, host, block["HostKeyAlias"])
		require.Equal(t, user, block["User"])
		require.Equal(t, "yes", block["StrictHostKeyChecking"])
		require.Equal(t, key, unquotePath(t, block["IdentityFile"]))
		require.Equal(t, filepath.Join(dir, "known_hosts"), unquotePath(t, block["UserKnownHostsFile"]))
		proxy := strings.ReplaceAll(block["ProxyCommand"], "%%", "%")
		require.Equal(t, strings.Count(proxy, "%")*2, strings.Count(block["ProxyCommand"], "%"))
		words, err := shlex.Split(proxy)
		require.NoError(t, err)
		if utf8.ValidString(proxy) {
			require.Equal(t, []string{binary, "-benchtest.dial=" + socket + "/" + host}, words)
		}
	})
}

// readBlock reads an ssh_config of one Host: its settings, each of which stands
// once.
func readBlock(t *testing.T, text string) map[string]string {
	t.Helper()
	require.NotContains(t, text, "\x00")
	require.NotContains(t, text, "\r")
	block := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "  "), " ")
		require.True(t, ok, "%q", line)
		require.Equal(t, value, strings.Trim(value, " \t\f"), "OpenSSH cuts white space off")
		require.NotContains(t, block, name)
		block[name] = value
	}
	require.Len(t, block, 19)
	return block
}

// unquotePath reads a path as OpenSSH does: quoted, %% for a percent sign.
func unquotePath(t *testing.T, value string) string {
	t.Helper()
	require.Greater(t, len(value), 2)
	path := value[1 : len(value)-1]
	require.Equal(t, `"`+path+`"`, value)
	require.NotContains(t, path, `"`)
	require.NotContains(t, path, `\`)
	return strings.ReplaceAll(path, "%%", "%")
}
