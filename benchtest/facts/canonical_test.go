package facts_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func TestCanonicalSubject(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, noun, subject, want string }{
		{"service suffix", facts.NounService, "nginx.service", "nginx"},
		{"other units keep theirs", facts.NounService, "apt-daily.timer", "apt-daily.timer"},
		{"bare port", facts.NounPort, "80", "tcp:80"},
		{"full port", facts.NounPort, "udp:53", "udp:53"},
		{"double slash", facts.NounFile, "/etc//hosts", "/etc/hosts"},
		{"slash at the end", facts.NounMount, "/srv/", "/srv"},
		{"parent may follow a link", facts.NounFile, "/etc/../x", "/etc/../x"},
		{"process", facts.NounProcess, "a.service", "a.service"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, facts.CanonicalSubject(tt.noun, tt.subject))
		})
	}
}

func TestQueryIDIsOneForAllSpellings(t *testing.T) {
	t.Parallel()
	a := facts.Query{Noun: facts.NounPort, Subject: "80"}
	b := facts.Query{Noun: facts.NounPort, Subject: "tcp:80"}
	assert.Equal(t, a.ID(), b.ID())
	b.Params = map[string]any{"timeout": "5s"}
	assert.NotEqual(t, a.ID(), b.ID())
	b.Params = nil
	b.As = "www-data"
	assert.NotEqual(t, a.ID(), b.ID())
}
