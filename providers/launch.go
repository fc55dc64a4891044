package providers

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// A Launch is one start of a command in a guest. sshd hands every command to
// the user's login shell, so Line is text for a shell; what it starts is a
// small runner in /bin/sh that cleans the environment, goes to Dir, makes the
// command a session of its own, reports and becomes the command.
//
// The runner reports on both streams before anything of the command's: the
// line "NONCE" on standard output and "NONCE PID" on standard error. What
// comes before them is the login shell's chatter and is dropped.
type Launch struct {
	Nonce string   // [a-z0-9]+, unguessable
	User  string   // whom sshd logs in; for USER and LOGNAME
	Dir   string   // empty: where the login shell starts
	Env   []string // "NAME=value", beside the fixed ones
	Argv  []string
}

// guestPath is where commands are looked up, whatever the guest's profile says.
const guestPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// The pieces of a line. HOME alone is the guest's to say.
const (
	launchHead = `exec /usr/bin/env -i ` + guestPath + ` LANG=C.UTF-8 SHELL=/bin/sh HOME="$HOME" `
	launchTail = "benchtest-exec"
)

// launchScript runs with $1 the nonce, $2 the directory, then argv. The fourth
// field after the command name in /proc/PID/stat is the session: sshd has
// normally made one already, and setsid costs an exec. A report that cannot
// be written ends the runner, so that a command whose channel was closed
// while the login shell dawdled never starts.
const launchScript = `n=$1 d=$2; shift 2; ` +
	`[ -z "$d" ] || cd -- "$d" || exit 126; ` +
	`s=; { read -r s </proc/$$/stat; } 2>/dev/null; s=${s##*) }; s=${s#* * * }; ` +
	`[ "${s%% *}" = $$ ] || exec setsid -w /bin/sh -c '` + launchReport + `' benchtest-exec "$n" "$@"; ` +
	`set -- "$n" "$@"; ` + launchReport

const launchReport = `n=$1; shift; echo "$n" && echo "$n $$" >&2 || exit 125; exec "$@"`

// maxLine keeps a command line below the kernel's limit for one argument
// (128 KiB), which is what it becomes for the login shell.
const maxLine = 120 << 10

// maxWord is that limit, less what the kernel and SSH add.
const maxWord = 128<<10 - 64

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)

// Line is the command line to send, or an error when l cannot be one.
func (l Launch) Line() (string, error) {
	switch {
	case len(l.Argv) == 0 || l.Argv[0] == "":
		return "", errors.New("argv is empty")
	case strings.HasPrefix(l.Argv[0], "-"):
		return "", fmt.Errorf("command name %q begins with a dash", l.Argv[0])
	}
	words := []string{"USER=" + l.User, "LOGNAME=" + l.User}
	for _, e := range l.Env {
		if !envName.MatchString(e) {
			return "", fmt.Errorf("environment %q is not NAME=value", e)
		}
		words = append(words, e)
	}
	words = append(words, "/bin/sh", "-c", launchScript, launchTail, l.Nonce, l.Dir)
	words = append(words, l.Argv...)
	var b strings.Builder
	b.WriteString(launchHead)
	for i, w := range words {
		if strings.ContainsRune(w, 0) {
			return "", errors.New("an argument contains a NUL byte")
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		quote(&b, w)
	}
	if b.Len() > maxLine {
		return "", fmt.Errorf("command line of %d bytes exceeds %d: send it on standard input", b.Len(), maxLine)
	}
	return b.String(), nil
}

// quote appends w as one word of any POSIX shell (and of fish): single quotes,
// but for what those do not hold everywhere.
func quote(b *strings.Builder, w string) {
	b.WriteByte('\'')
	for {
		i := strings.IndexAny(w, `'\`)
		if i < 0 {
			break
		}
		b.WriteString(w[:i])
		b.WriteString(`'\`)
		b.WriteByte(w[i])
		b.WriteByte('\'')
		w = w[i+1:]
	}
	b.WriteString(w)
	b.WriteByte('\'')
}

// ParseLaunch reads a line that Launch.Line wrote, to the byte. Ok is false for
// any other command line, be it one that a shell would take for the same:
// whoever forwards commands (the bastion, a fake) sees by it what a Sandbox
// really runs.
func ParseLaunch(line string) (Launch, bool) {
	l, ok := readLaunch(line)
	if !ok {
		return Launch{}, false
	}
	if again, err := l.Line(); err != nil || again != line {
		return Launch{}, false
	}
	return l, true
}

// readLaunch reads what is written like a launch.
func readLaunch(line string) (l Launch, ok bool) {
	rest, ok := strings.CutPrefix(line, launchHead)
	if !ok {
		return Launch{}, false
	}
	words, ok := unquote(rest)
	if !ok {
		return Launch{}, false
	}
	for i, w := range words {
		if w != "/bin/sh" {
			continue
		}
		tail := words[i:]
		if i < 2 || len(tail) < 7 || tail[2] != launchScript || tail[3] != launchTail {
			return Launch{}, false
		}
		user, _ := strings.CutPrefix(words[0], "USER=")
		return Launch{User: user, Env: words[2:i:i], Nonce: tail[4], Dir: tail[5], Argv: tail[6:]}, true
	}
	return Launch{}, false
}

// unquote splits what quote joined with single spaces.
func unquote(s string) (words []string, ok bool) {
	var w strings.Builder
	for s != "" {
		switch s[0] {
		case '\'':
			end := strings.IndexByte(s[1:], '\'')
			if end < 0 {
				return nil, false
			}
			w.WriteString(s[1 : 1+end])
			s = s[end+2:]
		case '\\':
			if len(s) < 2 {
				return nil, false
			}
			w.WriteByte(s[1])
			s = s[2:]
		case ' ':
			words = append(words, w.String())
			w.Reset()
			s = s[1:]
		default:
			return nil, false
		}
	}
	return append(words, w.String()), true
}
