package reports

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"
)

// A jsonText reads what encoding/json wrote, from front to back, several times as
// fast: it knows what it wants, steps over the rest, and looks at nothing twice.
// Where that is not so, it is bad, and what was read says nothing; what nests
// deeper than maxNesting is bad too.
type jsonText struct {
	rest []byte
	bad  bool
	long *longText // that may come again; nil: each is decoded
}

// A longText is the last long string that stood somewhere, as it is written and
// as it is. A file's contents are most of the fact about it, and stay the same
// where its times do not.
type longText struct {
	written []byte
	text    string
}

// minLong is from where on comparing is worth a copy.
const minLong = 1 << 10

// maxNesting is deeper than any attribute of a fact.
const maxNesting = 64

// done reports whether all was read, and well.
func (j *jsonText) done() bool {
	j.blanks()
	return !j.bad && len(j.rest) == 0
}

// blanks steps over what stands between values.
func (j *jsonText) blanks() {
	for len(j.rest) > 0 && isBlank(j.rest[0]) {
		j.rest = j.rest[1:]
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// take steps over c, if it comes next.
func (j *jsonText) take(c byte) bool {
	j.blanks()
	if len(j.rest) == 0 || j.rest[0] != c {
		return false
	}
	j.rest = j.rest[1:]
	return true
}

func (j *jsonText) fail() { j.bad, j.rest = true, nil }

// object calls member before each value of an object, to read it.
func (j *jsonText) object(member func(key []byte)) {
	if !j.take('{') {
		j.fail()
		return
	}
	for more := !j.take('}'); more; {
		j.blanks()
		key := jsonString(j.rest)
		if j.rest = j.rest[len(key):]; key == nil || !j.take(':') {
			j.fail()
			return
		}
		member(key[1 : len(key)-1])
		more = j.goesOn('}')
	}
}

// list calls element before each element of a list, to read it.
func (j *jsonText) list(element func()) {
	if !j.take('[') {
		j.fail()
		return
	}
	for more := !j.take(']'); more; {
		element()
		more = j.goesOn(']')
	}
}

// goesOn reports whether something comes behind a value, and not end.
func (j *jsonText) goesOn(end byte) bool {
	if j.take(',') {
		return true
	}
	if !j.take(end) {
		j.fail()
	}
	return false
}

// raw steps over a value and returns it.
func (j *jsonText) raw() (value []byte) {
	j.blanks()
	switch {
	case len(j.rest) == 0:
	case j.rest[0] == '"':
		value = jsonString(j.rest)
	case j.rest[0] == '{' || j.rest[0] == '[':
		value = jsonNested(j.rest)
	default:
		end := 0
		for end < len(j.rest) && !isBlank(j.rest[end]) && j.rest[end] != ',' && j.rest[end] != ']' && j.rest[end] != '}' {
			end++
		}
		value = j.rest[:end]
	}
	if len(value) == 0 {
		j.fail()
		return nil
	}
	j.rest = j.rest[len(value):]
	return value
}

// null steps over null, if it comes next.
func (j *jsonText) null() bool {
	j.blanks()
	if !bytes.HasPrefix(j.rest, []byte("null")) {
		return false
	}
	j.rest = j.rest[len("null"):]
	return true
}

func (j *jsonText) bool() bool {
	value := j.raw()
	if string(value) != "true" && string(value) != "false" {
		j.fail()
	}
	return string(value) == "true"
}

func (j *jsonText) int() int64 {
	n, err := strconv.ParseInt(string(j.raw()), 10, 64)
	if err != nil {
		j.fail()
	}
	return n
}

func (j *jsonText) number() float64 {
	text := j.raw()
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil || len(bytes.Trim(text, "0123456789+-.eE")) > 0 { // infinities, hexadecimals
		j.fail()
	}
	return n
}

func (j *jsonText) time() (t time.Time) {
	if err := t.UnmarshalJSON(j.raw()); err != nil {
		j.fail()
	}
	return t
}

func (j *jsonText) strings() (all []string) {
	j.list(func() { all = append(all, j.string()) })
	return all
}

func (j *jsonText) string() string {
	j.blanks()
	written := jsonString(j.rest)
	if written == nil {
		j.fail()
		return ""
	}
	j.rest = j.rest[len(written):]
	switch {
	case j.long == nil || len(written) < minLong:
		return j.decoded(written)
	case !bytes.Equal(j.long.written, written):
		if text := j.decoded(written); !j.bad {
			j.long.written, j.long.text = append(j.long.written[:0], written...), text
		}
	}
	return j.long.text
}

// decoded is a string in its quotation marks. What is rare in one, encoding/json
// reads.
func (j *jsonText) decoded(text []byte) string {
	if inner := text[1 : len(text)-1]; utf8.Valid(inner) {
		if bytes.IndexByte(inner, '\\') < 0 {
			return string(inner)
		}
		if s, ok := unescaped(inner); ok {
			return s
		}
	}
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		j.fail()
	}
	return s
}

// unescaped is a string without its quotation marks; false where it has more
// than simple escapes.
func unescaped(inner []byte) (string, bool) {
	s := make([]byte, 0, len(inner))
	for {
		plain, escape, found := bytes.Cut(inner, []byte{'\\'})
		if s = append(s, plain...); !found {
			return string(s), true
		}
		if len(escape) == 0 {
			return "", false
		}
		inner = escape[1:]
		switch c := escape[0]; c {
		case '"', '\\', '/':
			s = append(s, c)
		case 'n':
			s = append(s, '\n')
		case 't':
			s = append(s, '\t')
		case 'r':
			s = append(s, '\r')
		case 'u':
			if len(inner) < 4 {
				return "", false
			}
			r, err := strconv.ParseUint(string(inner[:4]), 16, 16)
			if err != nil || !utf8.ValidRune(rune(r)) { // half of a pair
				return "", false
			}
			s, inner = utf8.AppendRune(s, rune(r)), inner[4:]
		default:
			return "", false
		}
	}
}

// value is any value, as encoding/json decodes it.
func (j *jsonText) value(nesting int) any {
	j.blanks()
	if len(j.rest) == 0 || nesting > maxNesting {
		j.fail()
		return nil
	}
	switch c := j.rest[0]; c {
	case '"':
		return j.string()
	case '{':
		return j.members(nesting)
	case '[':
		list := []any{}
		j.list(func() { list = append(list, j.value(nesting+1)) })
		return list
	case 't', 'f':
		return j.bool()
	case 'n':
		if !j.null() {
			j.fail()
		}
		return nil
	}
	return j.number()
}

// members is an object as a map; nil for null.
func (j *jsonText) members(nesting int) map[string]any {
	if j.null() {
		return nil
	}
	all := map[string]any{}
	j.object(func(key []byte) {
		name := string(key)
		if bytes.IndexByte(key, '\\') >= 0 || !utf8.Valid(key) {
			j.fail()
			return
		}
		all[name] = j.value(nesting + 1)
	})
	return all
}
