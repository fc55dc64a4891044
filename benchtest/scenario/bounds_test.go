package scenario

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
)

// laughs is the YAML bomb of nine levels of nine aliases.
func laughs() string {
	var b strings.Builder
	b.WriteString("key: g/a\nx0: &x0 [lol]\n")
	for i := 1; i < 10; i++ {
		aliases := strings.Repeat(fmt.Sprintf("*x%d, ", i-1), 9)
		fmt.Fprintf(&b, "x%d: &x%d [%s]\n", i, i, strings.TrimSuffix(aliases, ", "))
	}
	return b.String()
}

// Not parallel, and neither are its cases: each is measured.
func TestLoadBounds(t *testing.T) {
	const ticket = "title: T\nticket_title: TT\nticket_body: B\n"
	for _, test := range []struct {
		name, file, data, want string
	}{
		{"10 MB of YAML", "scenario.yaml", strings.Repeat("a: b # \n", 10<<20/8), ":1:1: larger than 1024 KiB"},
		{"10 MB of JSON", "scenario.json", `{"a": "` + strings.Repeat("x", 10<<20) + `"}`, ":1:1: larger than 1024 KiB"},
		{"YAML bomb", "scenario.yaml", laughs(), ":7:10: more than 20000 values, aliases written out"},
		{"many values", "scenario.yaml", "a: [" + strings.Repeat("b,", 19_990) + "c, {d: e, f: g, h: i, j: k}, l]", ":1:40004: more than 20000 values, aliases written out"},
		{"deep YAML flow", "scenario.yaml", "a: " + strings.Repeat("[", 9000) + strings.Repeat("]", 9000), ":1:67: nested more than 64 deep"},
		{"deeper YAML flow", "scenario.yaml", "key: a\na: " + strings.Repeat("[", 1<<19), ":2:1: nested more than 64 deep"},
		{"deep YAML list", "scenario.yaml", strings.Repeat("- ", 70) + "a", ":1:129: nested more than 64 deep"},
		{"deeper YAML list", "scenario.yaml", strings.Repeat("- ", 1<<18), ":1:1: nested more than 64 deep"},
		{"deep JSON", "scenario.json", `{"a": ` + strings.Repeat("[", 1<<19), ":1:70: nested more than 64 deep"},
		{"brackets in a JSON text", "scenario.json", `{"key": "` + strings.Repeat("[", 100) + `\"["}`, `:1:9: key "` + strings.Repeat("[", 100) + `\"[" cannot be a subtest`},
		{"bad UTF-8 in YAML", "scenario.yaml", "key: g/a\ntitle: é\xff\n", ":2:9: byte 0xff is not valid UTF-8"},
		{"bad UTF-8 in JSON", "scenario.json", "{\"key\": \"g/a\",\n \"title\": \"\xc3\"}", ":2:12: byte 0xc3 is not valid UTF-8"},
		{"UTF-16", "scenario.yaml", "\xff\xfek\x00e\x00y\x00", ":1:1: byte 0xff is not valid UTF-8"},
		{"control character", "scenario.yaml", "key: g/a\ntitle: \x1b[31m\n", ":2:8: control character U+001B"},
		{"NUL", "scenario.json", "{\x00}", ":1:2: control character U+0000"},
		{"only a byte order mark", "scenario.yaml", "\ufeff", ":1:1: the file is empty"},
		{"unclosed quote of many lines", "scenario.yaml", "key: g/a\na: '" + strings.Repeat(strings.Repeat("x", 80)+"\n", 12_000), ":2:1: found unexpected end of stream"},
		{"many keys", "scenario.yaml", strings.Repeat("a: 1\n", 19_000), ":10000:4: more than 20000 values"},
		{"many lines", "scenario.yaml", strings.Repeat("a: 1\n", 200_000), ":20001:5: more than 20000 lines and commas"},
		{"many commas", "scenario.json", "[" + strings.Repeat("1,", 200_000) + "1]", ":1:40003: more than 20000 lines and commas"},
		{"byte order mark and CRLF", "scenario.yaml", "\ufeff" + strings.ReplaceAll("key: g/a\n"+ticket, "\n", "\r\n"), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := fstest.MapFS{"g/a/" + test.file: {Data: []byte(test.data)}}
			start := time.Now()
			loaded, problems := Load(root, LoadOptions{})
			assert.Less(t, time.Since(start), atOnce)
			if test.want == "" {
				assert.Empty(t, problems)
				assert.Len(t, loaded, 1)
				return
			}
			assert.Empty(t, loaded)
			assert.Contains(t, problems.Error(), "g/a/"+test.file+test.want)
		})
	}
}

func TestLoadLeavesNoFileOfADirectoryUnbounded(t *testing.T) {
	t.Parallel()
	root := fstest.MapFS{"g/a/scenario.yaml": {Data: []byte("title: T\nticket_title: TT\nticket_body: B\n")}}
	for i := range 3 {
		root[fmt.Sprintf("g/a/files/%d", i)] = &fstest.MapFile{Data: make([]byte, maxDirBytes/2)}
	}
	loaded, problems := Load(root, LoadOptions{})
	assert.Empty(t, loaded)
	assert.Equal(t, "g/a/files/2:1:1: the scenario's directory is larger than 64 MiB", problems.Error())
}
