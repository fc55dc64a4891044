package reports

import (
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// looked is a snapshot with every kind of value in it.
func looked() facts.Snapshot {
	service := facts.Query{Noun: facts.NounService, Subject: "nginx"}
	file := facts.Query{Noun: facts.NounFile, Subject: "/etc/<b>\"quoted\" \u2028.conf"}
	return facts.Snapshot{
		Host: "web1", Checkpoint: facts.Held, Since: 4*time.Second + 1, At: time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC),
		Complete: []string{"service", "user"}, Mounts: []string{"1 a", "2 \"b\""}, Error: "half of it: \x00 \xff",
		Facts: map[string]facts.Fact{
			service.ID(): {Query: service, Grade: facts.GradeHost, Attrs: map[string]any{"running": true, "restarts": 3.0, "since": nil}, Raw: "ActiveState=active\n"},
			file.ID():    {Query: file, Grade: facts.GradeGuestSSH, Attrs: map[string]any{"contents": "\"facts\":{}", "list": []any{"a", 1.5}}, Truncated: true},
		},
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	line, err := json.Marshal(looked())
	require.NoError(t, err)
	var want facts.Snapshot
	require.NoError(t, json.Unmarshal(line, &want))
	line = append(line, '\n')

	t.Run("all of it is what encoding/json makes of it", func(t *testing.T) {
		t.Parallel()
		got, err := (&Decoder{Want: nil}).Decode(append(line, line...))
		require.NoError(t, err)
		assert.Equal(t, []facts.Snapshot{want, want}, got)
	})
	t.Run("the facts that are wanted", func(t *testing.T) {
		t.Parallel()
		got, err := (&Decoder{Want: func(id string) bool { return id == "service:nginx" }}).Decode(line)
		require.NoError(t, err)
		require.Len(t, got, 1)
		assert.Equal(t, map[string]facts.Fact{"service:nginx": want.Facts["service:nginx"]}, got[0].Facts)
		got[0].Facts, got[0].Mounts = want.Facts, want.Mounts
		assert.Equal(t, want, got[0], "the rest is as it is")
	})
	t.Run("a host that could not be asked", func(t *testing.T) {
		t.Parallel()
		gone, err := json.Marshal(facts.Snapshot{Host: "web1", Checkpoint: facts.After, Error: `,"facts":{"service:nginx":{}}`})
		require.NoError(t, err)
		got, err := (&Decoder{Want: func(string) bool { return true }}).Decode(append(gone, '\n'))
		require.NoError(t, err)
		require.Len(t, got, 1)
		assert.Empty(t, got[0].Facts)
		assert.Equal(t, `,"facts":{"service:nginx":{}}`, got[0].Error)
	})
	for name, bad := range map[string]string{
		"torn": string(line[:len(line)/2]), "without its newline": string(line[:len(line)-1]), "a list": "[{}\n", "a bad time": `{"at":"now","facts":{}}` + "\n",
		"a fact that is none": `{"host":"a","facts":{"a":[]}}` + "\n", "empty line": "\n", "no facts": `{"host":"a"}` + "\n", "facts that are a list": `{"host":"a","facts":[]}` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := (&Decoder{Want: func(string) bool { return true }}).Decode([]byte(string(line) + bad))
			require.ErrorContains(t, err, "read snapshot, line 2")
		})
	}
}

func TestReadEvidence(t *testing.T) {
	t.Parallel()
	dir, head := filled(t)
	e, err := ReadEvidence(os.DirFS(dir), head, nil)
	require.NoError(t, err)
	assert.Equal(t, rules.Success, e.Job.Resolution)
	at, samples := e.At("web1")
	assert.Len(t, at, 2)
	assert.Contains(t, at, facts.Held)
	assert.Empty(t, samples)
	at, _ = e.At("nobody")
	assert.Empty(t, at)
}

func TestEvidenceAt(t *testing.T) {
	t.Parallel()
	e := Evidence{Snapshots: []facts.Snapshot{
		{Host: "web1", Checkpoint: facts.Faulted, Since: 1},
		{Host: "web1", Checkpoint: facts.Faulted, Since: 2},
		{Host: "web2", Checkpoint: facts.Sample, Since: 3},
		{Host: "web1", Checkpoint: facts.Sample, Since: 4},
		{Host: "web1", Checkpoint: facts.Sample, Since: 5},
	}}
	at, samples := e.At("web1")
	assert.Equal(t, time.Duration(2), at[facts.Faulted].Since, "the control's last look counts")
	assert.Equal(t, []time.Duration{4, 5}, []time.Duration{samples[0].Since, samples[1].Since})
}

// sizes is what d keeps.
func sizes(d *Decoder) (n int) {
	for _, f := range d.seen {
		n += f.size()
	}
	return n
}

// TestDecodeOneAfterTheOther: what a Decoder remembers of other snapshots never
// takes the place of what is there, be it another by one byte.
func TestDecodeOneAfterTheOther(t *testing.T) {
	t.Parallel()
	line, err := json.Marshal(looked())
	require.NoError(t, err)
	lines := [][]byte{append(line, '\n')}
	for i, c := range line {
		for _, other := range []byte{'0', '7', 'x', '{', '"'} {
			changed := append(slices.Clone(line), '\n')
			if changed[i] = other; c != other && json.Valid(changed) {
				lines = append(lines, changed, lines[0])
			}
		}
	}
	for i := range 2 * maxKept / (seenFactSize + len(line)) { // more than it keeps
		s := looked()
		s.Facts[strconv.Itoa(i)] = facts.Fact{Raw: string(line)}
		more, err := json.Marshal(s)
		require.NoError(t, err)
		lines = append(lines, append(more, '\n'))
	}
	require.Greater(t, len(lines), 1000)
	d := Decoder{Want: func(string) bool { return true }}
	for _, line := range lines {
		want, wantErr := (&Decoder{Want: d.Want}).Decode(line)
		got, err := d.Decode(line)
		require.Equal(t, wantErr, err, "%s", line)
		require.Equal(t, want, got, "%s", line)
		require.LessOrEqual(t, d.kept, maxKept+2*seenFactSize+4*len(line))
		require.Equal(t, sizes(&d), d.kept)
	}
}

// TestDecodeLongTexts: a long text that is remembered never takes the place of
// another, nor of one in another place.
func TestDecodeLongTexts(t *testing.T) {
	t.Parallel()
	base := strings.Repeat("line \"1\"\n", minLong/8)
	texts := []string{base, base, "L" + base[1:], base[:len(base)/2] + "?" + base[len(base)/2+1:], base[:len(base)-1] + " ", base + "x", base[:len(base)-2], base + "\xff", "short", "", base}
	d := Decoder{Want: func(string) bool { return true }}
	for i, contents := range texts {
		for _, raw := range texts[:i+1] {
			s := looked()
			file := facts.Query{Noun: facts.NounFile, Subject: "/etc/motd"}
			s.Facts[file.ID()] = facts.Fact{Query: file, Attrs: map[string]any{"contents": contents, "modified": strconv.Itoa(i)}, Raw: raw}
			line, err := json.Marshal(s)
			require.NoError(t, err)
			var want facts.Snapshot
			require.NoError(t, json.Unmarshal(line, &want))
			got, err := d.Decode(append(line, '\n'))
			require.NoError(t, err)
			require.Equal(t, want.Facts, got[0].Facts)
		}
	}
}

// BenchmarkDecode: what is not wanted costs next to nothing.
func BenchmarkDecode(b *testing.B) {
	s := looked()
	for i := range 400 {
		q := facts.Query{Noun: facts.NounFile, Subject: "/" + time.Duration(i).String()}
		s.Facts[q.ID()] = facts.Fact{Query: q, Grade: facts.GradeHost, Attrs: map[string]any{"exists": true, "mode": "0644", "owner": "root", "sha256": "2a4a9b0855c51f3320d3da09a8a57ab2"}}
	}
	line, err := json.Marshal(s)
	require.NoError(b, err)
	line = append(line, '\n')
	for name, want := range map[string]Wanted{"all": nil, "one": func(id string) bool { return id == "service:nginx" }} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(line)))
			for b.Loop() {
				_, err := (&Decoder{Want: want}).Decode(line)
				require.NoError(b, err)
			}
		})
		b.Run(name+" again", func(b *testing.B) {
			b.SetBytes(int64(len(line)))
			d := Decoder{Want: want}
			for b.Loop() {
				_, err := d.Decode(line)
				require.NoError(b, err)
			}
		})
	}
}

// FuzzDecode: whatever a guest puts into facts and errors, the facts
// that are wanted are what encoding/json reads.
func FuzzDecode(f *testing.F) {
	f.Add("web1", `,"facts":{"service:nginx":{}}`, "/etc/\"x\"", "raw\\\"\n\x00\xff", true)
	f.Add("", "", "", "", false)
	f.Fuzz(func(t *testing.T, host, failure, subject, raw string, mounts bool) {
		q := facts.Query{Noun: facts.NounFile, Subject: subject}
		other := facts.Query{Noun: facts.NounCommand, Subject: raw}
		s := facts.Snapshot{Host: host, Checkpoint: facts.Held, Error: failure, Facts: map[string]facts.Fact{
			q.ID():     {Query: q, Raw: raw, Attrs: map[string]any{raw: map[string]any{"query": failure}}},
			other.ID(): {Query: other, Raw: failure, Error: subject},
		}}
		if mounts {
			s.Mounts = []string{raw, failure}
		}
		line, err := json.Marshal(s)
		require.NoError(t, err)
		var want facts.Snapshot
		require.NoError(t, json.Unmarshal(line, &want))
		wanted := map[string]facts.Fact{}
		for id, fact := range want.Facts {
			if id == q.ID() {
				wanted[id] = fact
			}
		}
		got, err := (&Decoder{Want: func(id string) bool { return id == q.ID() }}).Decode(append(line, '\n'))
		require.NoError(t, err)
		want.Facts, want.Mounts = wanted, nil
		require.Equal(t, []facts.Snapshot{want}, got)
	})
}
