package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// parseYAML parses exactly one document. yaml.v3 bounds its own recursion and
// leaves aliases alone, so this takes time linear in the size of data.
func parseYAML(data []byte, r *report) (*yaml.Node, bool) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	err := decodeNode(dec, &doc)
	if errors.Is(err, io.EOF) || err == nil && isEmpty(&doc) {
		r.errorf(place{1, 1}, "the file is empty")
		return nil, false
	}
	var second yaml.Node
	if err == nil {
		err = decodeNode(dec, &second)
		if err == nil {
			r.errorf(at(&second), "a second document: a scenario is one")
			return nil, false
		}
	}
	if !errors.Is(err, io.EOF) {
		p, text := syntaxError(data, err)
		r.errorf(p, "%s", text)
		return nil, false
	}
	return doc.Content[0], true
}

func isEmpty(doc *yaml.Node) bool {
	return len(doc.Content) == 0 || doc.Content[0].ShortTag() == "!!null" && doc.Content[0].Value == ""
}

// decodeNode is dec.Decode with a panic as an error: yaml.v3 is archived and
// has had panics on malformed input before (CVE-2022-28948).
func decodeNode(dec *yaml.Decoder, n *yaml.Node) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("yaml: cannot be parsed: %v", p)
		}
	}()
	return dec.Decode(n)
}

// yamlLine is yaml.v3's way to name a line, which it does not always do.
var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(.*)$`)

// syntaxError places an error of yaml.v3 at the first character of its line.
// The line named is right for the scanner's errors. For the parser's it is one
// less than that of the enclosing collection's start: useful for an open
// bracket, useless for a block.
func syntaxError(data []byte, err error) (place, string) {
	m := yamlLine.FindStringSubmatch(strings.ReplaceAll(err.Error(), "\n", " "))
	line, _ := strconv.Atoi(m[1])
	text := m[2]
	switch {
	case strings.Contains(text, "exceeded max depth"):
		line, text = lineReached(data), fmt.Sprintf("nested more than %d deep", maxDepth)
	case line > 0 && (strings.Contains(text, "expected ',' or ']'") || strings.Contains(text, "expected ',' or '}'")):
		line++
	case line == 0 || strings.Contains(text, "did not find expected"):
		line = lineReached(data)
	}
	lines := strings.Split(string(data), "\n")
	line = min(max(line, 1), len(lines))
	if strings.Contains(text, "tab character") {
		// The line named is at times that of the collection.
		tabbed := slices.IndexFunc(lines[line-1:], func(l string) bool { return strings.Contains(indentOf(l), "\t") })
		line += max(tabbed, 0)
	}
	indent := indentOf(lines[line-1])
	if tab := strings.IndexByte(indent, '\t'); tab >= 0 {
		return place{line, tab + 1}, "a tab in the indentation: use spaces"
	}
	return place{line, len(indent) + 1}, text + yamlHints[text]
}

// yamlHints are what is nearly always meant by errors that say it in the terms
// of a parser.
var yamlHints = map[string]string{
	"mapping values are not allowed in this context": `: a text with ": " in it needs quotes, and fields of one thing the same indentation`,
	"found character that cannot start any token":    ": a text that begins with @, % or a backquote needs quotes",
	"found unexpected end of stream":                 ": a quote is never closed",
}

func indentOf(line string) string { return line[:len(line)-len(strings.TrimLeft(line, " \t"))] }

// lineReached is the line up to which yaml.v3 reads before it gives up.
func lineReached(data []byte) int {
	const lookahead = 4 // of yaml.v3's scanner
	reader := &oneByte{data: data}
	dec := yaml.NewDecoder(reader)
	for {
		if err := decodeNode(dec, new(yaml.Node)); err != nil {
			return placeAt(data, reader.next-lookahead).line
		}
	}
}

// oneByte hands data out byte by byte, so that next says how far a reader got.
type oneByte struct {
	data []byte
	next int
}

func (o *oneByte) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if o.next >= len(o.data) {
		return 0, io.EOF
	}
	p[0] = o.data[o.next]
	o.next++
	return 1, nil
}
