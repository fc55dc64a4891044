package providers

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// killScript kills the process group $1, which stops a fork bomb at once, and
// then, in rounds, whatever else is in the session $1. State is the first
// field after the command name in /proc/PID/stat, the session the fourth.
const killScript = `g=$1; kill -s KILL -- "-$g" 2>/dev/null; ` +
	`for round in 1 2 3 4 5 6 7 8 9 10; do left=; ` +
	`for d in /proc/[0-9]*; do s=; { read -r s <"$d/stat"; } 2>/dev/null; s=${s##*) }; ` +
	`case $s in Z*|X*) continue;; esac; s=${s#* * * }; ` +
	`[ "${s%% *}" = "$g" ] && left="$left ${d#/proc/}"; done; ` +
	`[ -n "$left" ] || exit 0; kill -s KILL $left 2>/dev/null; done; exit 1`

// killAsRoot serves a user that may sudo, whose sudo'ed commands are not its
// own to kill.
const killAsRoot = `sudo -n /bin/sh -c "$1" benchtest-kill "$2" 2>/dev/null || exec /bin/sh -c "$1" benchtest-kill "$2"`

// killHead begins every line that kills a session.
const killHead = "exec /usr/bin/env -i " + guestPath + " /bin/sh -c "

// killLine is the command line by which user kills the session of pid.
func killLine(user string, pid int) string {
	words := []string{killScript, "benchtest-kill", strconv.Itoa(pid)}
	if user != "root" {
		words = []string{killAsRoot, "benchtest-kill", killScript, strconv.Itoa(pid)}
	}
	var b strings.Builder
	b.WriteString(killHead)
	for i, w := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		quote(&b, w)
	}
	return b.String()
}

// ParseKill reads a line by which a Sandbox kills the session of a command of
// its own, to the byte. It is not a command that anybody asked for.
func ParseKill(line string) (pid int, ok bool) {
	rest, ok := strings.CutPrefix(line, killHead)
	if !ok {
		return 0, false
	}
	words, ok := unquote(rest)
	if !ok {
		return 0, false
	}
	pid, err := strconv.Atoi(words[len(words)-1])
	if err != nil || pid < 1 || line != killLine("root", pid) && line != killLine("agent", pid) {
		return 0, false
	}
	return pid, true
}

// kill ends the command whose time is up. Over SSH a signal reaches nothing
// of root's, so a second session does it; a guest that grants none, or does not
// answer, loses the first session or the whole connection.
func (x *execution) kill() {
	ctx, cancel := context.WithTimeoutCause(context.Background(), x.sandbox.o.paced(killedLimit), errLimit)
	defer cancel()
	report := time.NewTimer(reportLimit)
	defer report.Stop()
	select {
	case <-x.stderr.begun:
	case <-report.C:
	}
	err := errors.New("the login shell has not started it yet")
	if pid := x.stderr.pid(); pid != 0 {
		err = x.ses.link.killSession(ctx, x.sandbox.access, pid, x.sandbox.o.paced(killLimit))
	}
	if err != nil {
		x.sandbox.log.Warn("command not killed", "error", err)
		x.ses.close()
		if errors.Is(err, errLimit) {
			x.ses.link.close(fmt.Errorf("no answer to a kill: %w", err))
		}
	}
	select {
	case <-x.ses.exit:
	case <-x.ses.gone:
	case <-ctx.Done():
	}
	x.settle(ctx, 250*time.Millisecond, killedLimit)
}

// killSession kills all processes of the session pid.
func (l *link) killSession(ctx context.Context, a Access, pid int, limit time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errLimit)
	defer cancel()
	ses, err := l.session(ctx, func() {})
	if err != nil {
		return fmt.Errorf("open session: %w", err)
	}
	defer ses.close()
	refused := make(chan error, 1)
	go func() {
		if err := ses.start(a, "exec", killLine(a.User, pid)); err != nil {
			refused <- err
		}
	}()
	select {
	case e := <-ses.exit:
		if e.status != 0 {
			return fmt.Errorf("processes are left: exit status %d", e.status)
		}
		return nil
	case err := <-refused:
		return err
	case <-ses.gone:
		select {
		case e := <-ses.exit:
			if e.status == 0 {
				return nil
			}
		default:
		}
		return errors.New("no exit status")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
