package scenario

import (
	"regexp"
	"time"
)

// scheduleTime is the one placeholder of a ticket.
var scheduleTime = regexp.MustCompile(`\{\{\s*schedule_time\s*\}\}`)

// scheduleDelay is how far in the future scheduled work is.
const scheduleDelay = 5 * time.Minute

// Ticket is the ask as it is submitted at now: {{schedule_time}} becomes the
// moment five minutes later, in RFC 3339 and UTC.
func (s *Scenario) Ticket(now time.Time) (title, body string) {
	at := now.Add(scheduleDelay).UTC().Format(time.RFC3339)
	fill := func(text string) string { return scheduleTime.ReplaceAllLiteralString(text, at) }
	return fill(s.TicketTitle), fill(s.TicketBody)
}
