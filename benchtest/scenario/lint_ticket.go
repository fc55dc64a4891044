package scenario

import (
	"regexp"
	"slices"
	"strings"
)

// lintTicket refuses a ticket that gives the fix away: one that holds a command
// of solve.*, or the very token that prepare.* breaks and solve.* mends.
func lintTicket(l *linter) {
	s := l.s
	mend := s.commands(s.Scripts.Solve)
	broken := words(strings.Join(s.commands(s.Scripts.Prepare), "\n"))
	mended := words(strings.Join(mend, "\n"))
	for field, text := range map[string]string{"ticket_title": s.TicketTitle, "ticket_body": s.TicketBody} {
		if c := givenCommand(text, mend); c != "" {
			l.errorf(s.place(field), "%s gives the fix away: solve.* runs %q", field, c)
			continue
		}
		for _, w := range givenWords(text) {
			if slices.Contains(broken, w) && slices.Contains(mended, w) && !s.isSubject(w) {
				l.errorf(s.place(field), "%s gives the fix away: %q is what prepare.* breaks and solve.* mends", field, w)
				break
			}
		}
	}
}

// givenCommand is the first command that the ticket holds, or that holds a
// piece of code that the ticket quotes.
func givenCommand(ticket string, commands []string) string {
	plain := plainText(ticket)
	for _, c := range commands {
		if tells(c) && containsWords(plain, c) {
			return c
		}
		for _, code := range codeSpans(ticket) {
			if code = plainText(code); tells(code) && strings.Contains(c, code) {
				return c
			}
		}
	}
	return ""
}

// symptomCommands are what a ticket may well say that somebody ran.
var symptomCommands = []string{
	"[", "apt-get", "cat", "cd", "curl", "df", "echo", "exit", "export", "grep", "id", "journalctl", "ls",
	"nginx", "printf", "ps", "set", "sleep", "ss", "stat", "test", "true", "wget",
}

// tells reports whether a command says enough to be a fix.
func tells(command string) bool {
	fields := strings.Fields(command)
	if len(fields) < 2 || slices.Contains(symptomCommands, fields[0]) {
		return false
	}
	if fields[0] == "systemctl" && (fields[1] == "status" || strings.HasPrefix(fields[1], "is-")) {
		return false
	}
	return len(fields) > 2 || len(command) >= 12
}

var codeSpan = regexp.MustCompile("`([^`\n]+)`")

// codeSpans are the pieces of the text in backquotes.
func codeSpans(text string) []string {
	var spans []string
	for _, m := range codeSpan.FindAllStringSubmatch(text, -1) {
		spans = append(spans, m[1])
	}
	return spans
}

var (
	word     = regexp.MustCompile(`[A-Za-z0-9_][A-Za-z0-9_.-]*[A-Za-z0-9_]`)
	codeLike = regexp.MustCompile(`[A-Za-z0-9][_.]+[A-Za-z0-9]|[a-z][A-Z]|[A-Za-z][0-9]`)
)

func words(text string) []string { return word.FindAllString(text, -1) }

// givenWords are the words of the ticket that no sentence holds by chance:
// those that look like code, and those in backquotes. Parts of a path are
// left out: where to look is not yet what to do.
func givenWords(ticket string) []string {
	var out []string
	take := func(text string, all bool) {
		for _, i := range word.FindAllStringIndex(text, -1) {
			w := text[i[0]:i[1]]
			inPath := i[0] > 0 && text[i[0]-1] == '/'
			if !inPath && len(w) >= 4 && strings.Trim(w, "0123456789") != "" && (all || codeLike.MatchString(w)) {
				out = append(out, w)
			}
		}
	}
	for _, span := range codeSpans(ticket) {
		take(span, true)
	}
	take(ticket, false)
	return out
}

// isSubject reports whether the word is what the scenario is about, which a
// ticket has to name: a host, or something that a state rule speaks of.
func (s *Scenario) isSubject(w string) bool {
	about := append(s.hostNames(), s.subjects...)
	return slices.ContainsFunc(about, func(text string) bool {
		return strings.Contains(text, w) || len(text) >= 4 && strings.Contains(w, text)
	})
}
