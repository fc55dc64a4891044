package facts

import (
	"path"
	"strings"
)

// CanonicalSubject is the one spelling of a subject that has several: the
// service "nginx.service" is "nginx", the port "80" is "tcp:80" and the file
// "/etc//hosts" is "/etc/hosts". Query.ID uses it, so that a rule finds a fact
// that was stored under another spelling, for instance by the superset.
func CanonicalSubject(noun, subject string) string {
	switch noun {
	case NounService, NounJournal:
		return strings.TrimSuffix(subject, ".service")
	case NounPort:
		if subject != "" && strings.Trim(subject, "0123456789") == "" {
			return "tcp:" + subject
		}
	case NounFile, NounMount:
		// Only what no symlink can make mean something else: "..", never.
		if strings.HasPrefix(subject, "/") && !strings.Contains(subject, "/..") {
			return path.Clean(subject)
		}
	}
	return subject
}
