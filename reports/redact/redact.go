// Package redact keeps secrets out of whatever a run writes.
package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// Mark stands where a secret stood.
const Mark = "[redacted]"

// Shortest is how long a secret must be, in bytes, to be looked for: shorter ones
// would take words out of every line.
const Shortest = 6

// A Set looks for secrets, each as it is and in the encodings that it travels in:
// base64 (either alphabet, at each of the three alignments), URL and JSON. The nil
// Set looks for none. It may be used concurrently.
//
// Not found is what is encoded otherwise: base64 that is broken into lines,
// compressed, or encoded twice.
type Set struct {
	patterns [][]byte
	longest  int
}

// New makes a Set of secrets. Those shorter than Shortest are left out; nil when
// none is left.
func New(secrets []string) *Set {
	s := &Set{}
	seen := map[string]bool{}
	for _, secret := range secrets {
		if len(secret) < Shortest {
			continue
		}
		for _, p := range encodings(secret) {
			if !seen[p] {
				seen[p] = true
				s.patterns = append(s.patterns, []byte(p))
				s.longest = max(s.longest, len(p))
			}
		}
	}
	if len(s.patterns) == 0 {
		return nil
	}
	return s
}

// encodings are all forms of a secret that are looked for.
func encodings(secret string) []string {
	list := []string{secret, url.QueryEscape(secret), url.PathEscape(secret)}
	for _, escape := range []bool{true, false} {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(escape)
		if enc.Encode(secret) == nil {
			list = append(list, strings.Trim(strings.TrimSuffix(b.String(), "\n"), `"`))
		}
	}
	for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			text := alphabet.EncodeToString(append(make([]byte, before), secret...))
			// Characters that hold bits of what stands before or after are not known.
			list = append(list, text[(8*before+5)/6:8*(before+len(secret))/6])
		}
	}
	return list
}

// A span is the part of a text from and up to these offsets.
type span struct{ from, to int }

// find lists where secrets stand in b, those that touch or overlap as one.
func (s *Set) find(b []byte) []span {
	var all []span
	for _, p := range s.patterns {
		for at := 0; ; {
			i := bytes.Index(b[at:], p)
			if i < 0 {
				break
			}
			all = append(all, span{at + i, at + i + len(p)})
			at += i + 1 // the next one may overlap
		}
	}
	return joined(all)
}

func joined(all []span) []span {
	slices.SortFunc(all, func(a, b span) int { return a.from - b.from })
	var list []span
	for _, s := range all {
		if n := len(list); n > 0 && s.from <= list[n-1].to {
			list[n-1].to = max(list[n-1].to, s.to)
		} else {
			list = append(list, s)
		}
	}
	return list
}

// Bytes is b with Mark in place of secrets; b itself where there are none.
func (s *Set) Bytes(b []byte) []byte {
	if s == nil {
		return b
	}
	spans := s.find(b)
	if len(spans) == 0 {
		return b
	}
	var out []byte
	at := 0
	for _, f := range spans {
		out = append(append(out, b[at:f.from]...), Mark...)
		at = f.to
	}
	return append(out, b[at:]...)
}

// String is Bytes of a string.
func (s *Set) String(text string) string {
	if s == nil {
		return text
	}
	return string(s.Bytes([]byte(text)))
}

// JSON redacts the strings in a JSON text, names of fields too, and leaves it
// valid: what is replaced is what they say, not how they are written.
func (s *Set) JSON(b []byte) []byte {
	if s == nil {
		return b
	}
	var out []byte
	at := 0
	for i := 0; i < len(b); i++ {
		if b[i] != '"' {
			continue
		}
		end := literalEnd(b, i)
		if clean, changed := s.literal(b[i:end]); changed {
			out = append(append(out, b[at:i]...), clean...)
			at = end
		}
		i = end - 1
	}
	if at == 0 {
		return b
	}
	return append(out, b[at:]...)
}

// literalEnd is behind the string literal that begins at i.
func literalEnd(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// literal redacts what a string literal says.
func (s *Set) literal(quoted []byte) ([]byte, bool) {
	var text string
	if json.Unmarshal(quoted, &text) != nil {
		return quoted, false
	}
	clean := s.String(text)
	if clean == text {
		return quoted, false
	}
	again, err := json.Marshal(clean)
	return again, err == nil
}
