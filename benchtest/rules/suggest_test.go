package rules

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"ticket_title", "ticket_body", "title", "tags"}
	for _, test := range []struct{ word, want string }{
		{"ticketTitle", "ticket_title"},
		{"ticket-body", "ticket_body"},
		{"titel", "title"},
		{"tag", "tags"},
		{"Tags", "tags"},
		{"colour", ""},
		{"", ""},
	} {
		assert.Equal(t, test.want, Nearest(test.word, known), test.word)
	}
}
