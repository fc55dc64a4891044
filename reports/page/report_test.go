package page

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/reports"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares a page with testdata/name; style and script are left out.
func golden(t *testing.T, name string, r *Renderer, got []byte) {
	t.Helper()
	got = bytes.Replace(got, []byte(r.style), []byte("STYLE"), 1)
	got = bytes.Replace(got, []byte(r.script), []byte("SCRIPT"), 1)
	got = bytes.Replace(got, []byte(strings.ReplaceAll(r.policy, "+", "&#43;")), []byte("POLICY"), 1)
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run go test ./reports/page -update and review the file")
	require.Equal(t, string(want), string(got), "run go test ./reports/page -update and review the difference")
}

func newRenderer(tb testing.TB) *Renderer {
	tb.Helper()
	r, err := NewRenderer()
	require.NoError(tb, err)
	return r
}

// written is report.html of the sample.
func written(tb testing.TB, r *Renderer, text string) []byte {
	tb.Helper()
	var b bytes.Buffer
	rep := Report{
		Run: sample(text), History: []Outline{OutlineOf(older(1, text)), OutlineOf(older(2, text)), OutlineOf(older(4, text))},
		Source: memory{evidence: sampleEvidence(text)},
		Repeat: func(a reports.Attempt) string { return "go test ./scenarios -run " + a.Test + text },
	}
	require.NoError(tb, r.Write(context.Background(), &b, rep))
	return b.Bytes()
}

func TestReport(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	golden(t, "report.html", r, written(t, r, "plain"))
}

// Whatever guests and engines write, the page has the same elements.
func TestHostileTextIsNoMarkup(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	plain, hostile := written(t, r, "plain"), written(t, r, hostileText)
	for _, tag := range []string{"<script", "</script", "<style", "</style", "<img", "<details", "<!--", "onerror=\"", "<a ", "<td", "</"} {
		require.Equal(t, bytes.Count(plain, []byte(tag)), bytes.Count(hostile, []byte(tag)), tag)
	}
	require.True(t, utf8.Valid(hostile))
	for _, c := range string(hostile) {
		require.True(t, c == '\n' || c == '\t' || unicode.IsPrint(c), "%U must be written out", c)
	}
	for _, seen := range []string{`\x1b[31mred`, `\x00`, `\u202etxt.exe\u2066`, `\ufeff`, `\xff\xfe`} {
		require.Contains(t, string(hostile), seen)
	}
}

// Nothing in the file asks for anything outside it.
func TestReportIsOneFile(t *testing.T) {
	t.Parallel()
	page := string(written(t, newRenderer(t), "plain"))
	require.Contains(t, page, `<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;;`[:60])
	for _, outside := range []string{" src=", "url(", "@import", "http://", "https://", "<link", "<iframe", " style="} {
		require.NotContains(t, page, outside)
	}
}

// Models of pages hold strings as Text, so that no template can forget to
// write out what cannot be seen.
func TestModelsHaveNoBareStrings(t *testing.T) {
	t.Parallel()
	seen := map[reflect.Type]bool{}
	var walk func(path string, typ reflect.Type)
	walk = func(path string, typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			walk(path, typ.Elem())
		case reflect.Struct:
			if seen[typ] || typ == reflect.TypeFor[rate]() { // its estimate is numbers and our own words
				return
			}
			seen[typ] = true
			for f := range typ.Fields() {
				walk(path+"."+f.Name, f.Type)
			}
		case reflect.String:
			require.Contains(t, []reflect.Type{reflect.TypeFor[Text](), reflect.TypeFor[mark]()}, typ, path)
		}
	}
	for _, model := range []any{overview{}, rows{}, rateChart{}, heatMap{}, usage{}, detail{}, frame{}, figure{}} {
		walk(fmt.Sprintf("%T", model), reflect.TypeOf(model))
	}
}

// A report of 200 attempts is made in 100 ms and stays under 4 MB.
func BenchmarkReport(b *testing.B) {
	run := sample("plain")
	one := run.Attempts[0]
	for len(one.Results) < 10 {
		one.Results = append(one.Results, one.Results[0])
	}
	run.Attempts, run.Spans = nil, nil
	for i := range 200 {
		a := one
		a.Key = fmt.Sprintf("group/%03d-scenario", i)
		run.Attempts = append(run.Attempts, a)
	}
	history := []Outline{OutlineOf(run), OutlineOf(run), OutlineOf(run)}
	e := sampleEvidence("what an engine says of its work")
	e.Transcript = strings.Repeat("what an engine says of its work\n", 100)
	for b.Loop() {
		r, err := NewRenderer()
		require.NoError(b, err)
		var size bytes.Buffer
		require.NoError(b, r.Write(b.Context(), &size, Report{Run: run, History: history, Source: memory{evidence: e}}))
		require.Less(b, size.Len(), 4<<20)
		b.ReportMetric(float64(size.Len())/1e6, "MB")
	}
}
