package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const secret = "s3cr&t/\"ké\\y+=="

func TestEncodings(t *testing.T) {
	t.Parallel()
	set := New([]string{secret, "short", ""})
	quoted, err := json.Marshal(secret)
	require.NoError(t, err)
	for name, text := range map[string]string{
		"raw": secret, "query": url.QueryEscape(secret), "path": url.PathEscape(secret), "json": string(quoted[1 : len(quoted)-1]),
	} {
		assert.Equal(t, "a "+Mark+" b", set.String("a "+text+" b"), name)
	}
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding} {
		for before := range 6 {
			for after := range 6 {
				text := enc.EncodeToString([]byte(strings.Repeat("x", before) + secret + strings.Repeat("y", after)))
				got := set.String(text)
				assert.Contains(t, got, Mark, text)
				// What is left says nothing of the secret but bits at its ends.
				left, _, _ := strings.Cut(got, Mark)
				assert.LessOrEqual(t, len(left), (8*before+5)/6, text)
			}
		}
	}
	assert.Equal(t, "short", set.String("short"), "what is shorter than Shortest is no secret")
	assert.Nil(t, New([]string{"short"}))
	var none *Set
	assert.Equal(t, secret, none.String(secret))
	assert.Equal(t, []byte(secret), none.JSON([]byte(secret)))
}

func TestJSONStaysValid(t *testing.T) {
	t.Parallel()
	// As bytes the secret would stand in the escape and break it.
	set := New([]string{"nabcdef", secret})
	in, err := json.Marshal(map[string]any{"a": "x\nabcdef", "b": "nabcdef", secret: []string{secret + "!"}, "n": 1})
	require.NoError(t, err)
	var out map[string]any
	require.NoError(t, json.Unmarshal(set.JSON(in), &out))
	assert.Equal(t, map[string]any{"a": "x\nabcdef", "b": Mark, Mark: []any{Mark + "!"}, "n": 1.0}, out)
	assert.Equal(t, `"torn `, string(set.JSON([]byte(`"torn `))))
	assert.Equal(t, `{"torn`, string(set.JSON([]byte(`{"torn`))))
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriterTellsErrorsAndFlushes(t *testing.T) {
	t.Parallel()
	set := New([]string{"secret"})
	w := set.Writer(failing{})
	_, err := w.Write(bytes.Repeat([]byte("x"), 100))
	require.ErrorContains(t, err, "disk full")
	var none *Set
	var b bytes.Buffer
	_, err = none.Writer(&b).Write([]byte("secret"))
	require.NoError(t, err)
	require.NoError(t, none.Writer(&b).Flush())
	assert.Equal(t, "secret", b.String())
}

// naive is the oracle: each byte of each occurrence is covered, and a run of
// covered bytes is one mark; two that only touch are one too.
func naive(set *Set, text []byte) string {
	covered := make([]bool, len(text))
	for _, p := range set.patterns {
		for i := 0; i+len(p) <= len(text); i++ {
			if string(text[i:i+len(p)]) == string(p) {
				for j := range p {
					covered[i+j] = true
				}
			}
		}
	}
	var b strings.Builder
	for i, hidden := range covered {
		switch {
		case !hidden:
			b.WriteByte(text[i])
		case i == 0 || !covered[i-1]:
			b.WriteString(Mark)
		}
	}
	return b.String()
}

// FuzzWriter: however the text is cut into writes, what comes out is what the
// oracle says of the whole.
func FuzzWriter(f *testing.F) {
	f.Add("secret", "abcabc", []byte("xsecretsecretabcabcabcab"), []byte{1, 2, 3})
	f.Add("aaaaaa", "aaaaaaa", bytes.Repeat([]byte("a"), 100), []byte{7})
	f.Add(secret, "c2VjcmV0", []byte(base64.StdEncoding.EncodeToString([]byte("x"+secret))), []byte{0, 5})
	f.Fuzz(func(t *testing.T, one, two string, text, cuts []byte) {
		if len(one)+len(two) > 200 || len(text) > 4000 {
			t.Skip("the oracle is slow: shorter ones show as much")
		}
		set := New([]string{one, two})
		if set == nil {
			t.Skip("no secret is long enough: nothing to look for")
		}
		want := naive(set, text)
		require.Equal(t, want, string(set.Bytes(text)))
		var b bytes.Buffer
		w := set.Writer(&b)
		rest := text
		for i := 0; len(rest) > 0; i++ {
			n := len(rest)
			if len(cuts) > 0 {
				n = min(n, int(cuts[i%len(cuts)])+1)
			}
			_, err := w.Write(rest[:n])
			require.NoError(t, err)
			rest = rest[n:]
		}
		require.NoError(t, w.Flush())
		require.Equal(t, want, b.String())

		if doc, err := json.Marshal(string(text)); err == nil {
			require.True(t, json.Valid(set.JSON(doc)))
		}
	})
}
