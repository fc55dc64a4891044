package providers

import (
	"strings"

	"golang.org/x/crypto/ssh"
)

// An Accessor is a Machine that has keys of its own and takes none of a
// CloneSpec's. user is "root" or "agent".
type Accessor interface {
	Access(user string) Access
}

// AccessTo is how user, "root" or "agent", reaches m: the machine's own way
// where it has one, else with the keys that it was made with.
func AccessTo(m Machine, k KeyRing, user string) Access {
	if own, ok := m.(Accessor); ok {
		return own.Access(user)
	}
	return k.Access(user)
}

// login is whom the SSH server lets in.
func (a Access) login() string {
	if a.Login != "" {
		return a.Login
	}
	return a.User
}

// startRequest is the payload of "exec" and "subsystem".
type startRequest struct{ Text string }

// Start is the request to send to the SSH server so that what kind ("exec",
// "shell" or "subsystem") and payload ask for runs as a.User. It is the same
// request where the server lets that user in itself. Whoever forwards requests
// (the bastion) asks here.
func (a Access) Start(kind string, payload []byte) (string, []byte) {
	if a.login() == a.User {
		return kind, payload
	}
	var r startRequest
	switch kind {
	case "shell":
		return "exec", ssh.Marshal(startRequest{a.become() + "-i"})
	case "exec":
		if ssh.Unmarshal(payload, &r) == nil {
			return "exec", ssh.Marshal(startRequest{a.asUser(r.Text)})
		}
	case "subsystem":
		if ssh.Unmarshal(payload, &r) == nil && r.Text == "sftp" {
			return "exec", ssh.Marshal(startRequest{a.asUser(sftpLine)})
		}
	}
	return kind, payload
}

// become begins a command line that runs as a.User.
func (a Access) become() string { return "exec sudo -n -H -u " + ShellWord(a.User) + " " }

// asUser makes line a.User's: in a shell of that user's home, as sshd would
// start it.
func (a Access) asUser(line string) string {
	var b strings.Builder
	b.WriteString(a.become() + "/bin/sh -c ")
	quote(&b, "cd; "+line)
	return b.String()
}

// sftpLine starts the file server wherever the system has it: only sshd knows
// its own settings.
const sftpLine = `for f in /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server /usr/lib/ssh/sftp-server ` +
	`/usr/libexec/sftp-server /usr/lib/sftp-server; do [ ! -x "$f" ] || exec "$f"; done; ` +
	`echo "no sftp-server is installed" >&2; exit 127`

// StartLine is Start for a command line as it is, empty for a "shell".
func (a Access) StartLine(kind, line string) (string, string) {
	kind, payload := a.Start(kind, ssh.Marshal(startRequest{line}))
	var r startRequest
	if kind == "exec" && ssh.Unmarshal(payload, &r) == nil {
		line = r.Text
	}
	return kind, line
}
