package engines

import (
	"slices"
	"strings"
)

// A fence is one shell block of a ticket's body.
type fence struct {
	host string // empty: the first host
	text string
}

// shellFences returns the fenced code blocks of body that are shell: those
// without a language, and sh, bash and shell. A word after the language names
// the host ("```bash web1"). A fence that is not closed ends with the body.
func shellFences(body string) []fence {
	var (
		found []fence
		lines []string
		info  []string
		ticks string // of the open fence
	)
	take := func() {
		shell := len(info) == 0 || slices.Contains([]string{"sh", "bash", "shell"}, info[0])
		if ticks != "" && shell && len(lines) > 0 {
			f := fence{text: strings.Join(lines, "\n") + "\n"}
			if len(info) > 1 {
				f.host = info[1]
			}
			found = append(found, f)
		}
		lines, info, ticks = nil, nil, ""
	}
	for line := range strings.Lines(body) {
		line = strings.TrimRight(line, "\r\n")
		t := strings.TrimSpace(line)
		run := t[:len(t)-len(strings.TrimLeft(t, "`"))]
		switch {
		case ticks == "" && len(run) >= 3:
			ticks, info = run, strings.Fields(t[len(run):])
		case ticks != "" && t == run && len(run) >= len(ticks):
			take()
		case ticks != "":
			lines = append(lines, line)
		}
	}
	take()
	return found
}
