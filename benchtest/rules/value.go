package rules

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// normal brings a value into the forms of encoding/json: nil, bool, float64,
// string, []any, map[string]any. Facts that never left the process may still
// hold Go's own ints and slices.
func normal(v any) any {
	if isNormal(v) {
		return v
	}
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = normal(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = normal(v[k])
		}
		return out
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	var out any
	if json.Unmarshal(b, &out) != nil {
		return fmt.Sprint(v)
	}
	return out
}

// isNormal reports whether v is in those forms, so that nothing need be copied.
func isNormal(v any) bool {
	switch v := v.(type) {
	case nil, bool, string, float64:
		return true
	case []any:
		return !slices.ContainsFunc(v, func(e any) bool { return !isNormal(e) })
	case map[string]any:
		for _, member := range v {
			if !isNormal(member) {
				return false
			}
		}
		return true
	}
	return false
}

// equalValues compares two normal values.
func equalValues(a, b any) bool { return reflect.DeepEqual(a, b) }

// toNumber reads a number, also from a text that is one.
func toNumber(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		return f, err == nil
	}
	return 0, false
}

// toElements returns the elements of a list, or the lines of a text.
func toElements(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case string:
		var out []any
		for line := range strings.Lines(v) {
			out = append(out, strings.TrimRight(line, "\r\n"))
		}
		return out, true
	}
	return nil, false
}

// shown is how many bytes of a value people see.
const shown = 300

// show writes a value for people, in one bounded line.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case string:
		// In quotes a text is not shorter than it was.
		return clip(strconv.Quote(v[:min(len(v), shown+utf8.UTFMax)]), shown)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return clip(fmt.Sprint(v), shown)
	}
	return clip(string(b), shown)
}

// clip cuts s to at most limit bytes, at a character.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "..."
}
