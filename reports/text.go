package reports

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escapes are the ANSI sequences that programs colour and lay out their output
// with, as far as they begin and end in one text: one that a guest leaves open
// must not take ours with it. Others, such as OSC, hold text, which must not
// vanish from what people read: they are written out.
var escapes = regexp.MustCompile("\x1b\\[[0-9;?]*[A-Za-z]|\x1b[@-OQ-WYZ]")

// stripANSI takes terminal sequences out of s.
func stripANSI(s string) string {
	if !strings.Contains(s, "\x1b") {
		return s
	}
	return escapes.ReplaceAllString(s, "")
}

// legalXML makes s a string of XML 1.0 characters: without terminal sequences,
// and with what is no character written out as \x07 or \ufffe.
func legalXML(s string) string { return escapeRunes(stripANSI(s), xmlChar) }

// xmlChar is the Char production of XML 1.0, section 2.2.
func xmlChar(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r':
		return true
	case r < 0x20:
		return false
	case r <= 0xD7FF, r >= 0xE000 && r <= 0xFFFD, r >= 0x10000 && r <= unicode.MaxRune:
		return true
	}
	return false
}

// OneLine makes s safe to print on a terminal as part of one line.
func OneLine(s string) string { return oneLine(s) }

// oneLine makes s safe to print on a terminal as part of one line: nothing in
// it moves the cursor, colours, or turns the direction of text.
func oneLine(s string) string { return escapeRunes(stripANSI(s), unicode.IsPrint) }

// Visible writes out what nobody would see or what would deceive who looks:
// control characters, escape sequences, marks that turn the direction of text,
// bytes that are no UTF-8. Line ends and tabs stay.
func Visible(s string) string {
	for i := range len(s) {
		if c := s[i]; (c < 0x20 && c != '\n' && c != '\t') || c >= 0x7f {
			return escapeRunes(s, func(r rune) bool { return r == '\n' || r == '\t' || unicode.IsPrint(r) })
		}
	}
	return s
}

// escapeRunes writes out every rune that is not ok, and every byte that is no
// UTF-8.
func escapeRunes(s string, ok func(rune) bool) string {
	clean := func(r rune, size int) bool { return ok(r) && (r != utf8.RuneError || size > 1) }
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case clean(r, size):
			b.WriteString(s[i : i+size])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r > 0xFFFF:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		i += size
	}
	return b.String()
}

// clip cuts s to at most limit bytes at a rune's edge and says so.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	cut := limit
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%s\n[cut: %d of %d bytes]", s[:cut], cut, len(s))
}
