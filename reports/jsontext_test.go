package reports

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// filledWith gives every field under v a value that is not zero, each another.
func filledWith(v reflect.Value, text string, n *int) {
	*n++
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, *n, time.UTC)))
		return
	case rules.Resolution:
		v.SetString(string(rules.Partial))
		return
	case map[string]json.RawMessage:
		return // what has a name of its own stays that
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(strings.Repeat("x", *n%7) + text)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.25)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		filledWith(v.Elem(), text, n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			filledWith(v.Index(i), text, n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		value := reflect.New(v.Type().Elem()).Elem()
		filledWith(value, text, n)
		v.SetMapIndex(reflect.ValueOf("key "+text).Convert(v.Type().Key()), value)
	case reflect.Interface:
		v.Set(reflect.ValueOf([]any{text, 1.5, -2e300, true, false, nil, []any{}, map[string]any{"m": map[string]any{}, text: text}}))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				filledWith(v.Field(i), text, n)
			}
		}
	}
}

// full is a value of T in which nothing is zero, as encoding/json writes it.
func full[T any](t *testing.T, text string) []byte {
	t.Helper()
	var v T
	n := 0
	filledWith(reflect.ValueOf(&v).Elem(), text, &n)
	written, err := json.Marshal(v)
	require.NoError(t, err)
	return written
}

// sameAsJSON requires that read makes the same of a full T as encoding/json, and
// of it with blanks.
func sameAsJSON[T any](t *testing.T, text string, read func([]byte) (T, error)) {
	t.Helper()
	written := full[T](t, text)
	var spread bytes.Buffer
	require.NoError(t, json.Indent(&spread, written, "\r", "\t "))
	requireSame(t, written, read)
	requireSame(t, spread.Bytes(), read)
}

func linkTime(t *testing.T, line []byte) time.Time {
	t.Helper()
	var l Link
	require.NoError(t, json.Unmarshal(line, &l))
	return l.At
}

// judged is what ReadJudged leaves of an attempt.
func judged(a Attempt) Attempt {
	d := Digests{Scenario: a.Digests.Scenario, Rules: a.Digests.Rules, Evidence: a.Digests.Evidence}
	return Attempt{
		RunID: a.RunID, Key: a.Key, Iteration: a.Iteration, Outcome: a.Outcome, Reason: a.Reason, Results: a.Results, Circumstances: a.Circumstances,
		Score: a.Score, Started: a.Started, Phases: Phases{Engine: a.Phases.Engine}, Digests: d, Dir: a.Dir,
	}
}

func readOneFact(text []byte) (facts.Fact, error) { return readFact(text, &longText{}) }

// FuzzReadAsJSON: what is read by hand is what encoding/json reads, in every
// field, whatever a guest or an engine put into the texts.
func FuzzReadAsJSON(f *testing.F) {
	for _, text := range []string{"", "plain", "\"\\/\b\f\n\r\t", "<b>&\u2028\u2029", "\x00\x1b\x7f", "\xff\xfe", "é日本😀", `\u0041\ud83d`, `{"a":[1,2]},"facts":{`, "�"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		sameAsJSON(t, text, readOneFact)
		sameAsJSON(t, text, ReadJob)
		sameAsJSON(t, text, func(line []byte) (Link, error) {
			l, err := readLink(line)
			require.Zero(t, l.At)
			l.At = linkTime(t, line)
			return l, err
		})
		written := full[Attempt](t, text)
		var want Attempt
		require.NoError(t, json.Unmarshal(written, &want))
		got, err := ReadJudged(written)
		require.NoError(t, err)
		require.Equal(t, judged(want), got)
	})
}

// FuzzReadAnything: of anything that encoding/json can write it makes the same;
// of what is no JSON it may make something.
func FuzzReadAnything(f *testing.F) {
	for _, text := range []string{
		`{}`, `null`, `[]`, `{"attrs":null}`, `{"attrs":{"a":1e999}}`, `{"attrs":{"a":"\ud83d\ude00"}}`, `{"grade":"host","Grade":"guest"}`, `{"new":1}`, `{"attrs":{"a":-1,"b":0.5}}`,
		`{"query":{"noun":"file","params":{}}}`, `{"raw":"\u00e9"}`, `{"truncated":1}`, `{"attrs":{"a":Infinity}}`, `{"attrs":{"a":0x10}}`, ` { "raw" : "x" } `, `{"raw":"x"}x`, `{"attrs":` + strings.Repeat("[", 200),
		`{"resolution":"no_tasks_created"}`, `{"resolution":"x"}`, `{"tasks":[{"commands":[{"argv":["a"],"exit_status":null}]}],"more":{}}`, `{"tasks":null,"usage":{"turns":1.5}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var v any
		if json.Unmarshal(text, &v) != nil {
			_, _ = readOneFact(text)
			_, _ = ReadJob(text)
			return
		}
		text, err := json.Marshal(v) // no name twice
		require.NoError(t, err)
		requireSame(t, text, readOneFact)
		requireSame(t, text, ReadJob)
	})
}

func requireSame[T any](t *testing.T, text []byte, read func([]byte) (T, error)) {
	t.Helper()
	var want T
	wantErr := json.Unmarshal(text, &want)
	got, err := read(text)
	require.Equal(t, wantErr == nil, err == nil, "%s: %v, %v", text, wantErr, err)
	if err == nil {
		require.Equal(t, want, got)
	}
}
