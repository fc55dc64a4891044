package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/reports"
)

// An original is the evidence of a recorded attempt. Others are made of it that
// differ from it as attempts of one scenario differ from each other: in times,
// PIDs, and the names of machine and probe.
type original struct {
	recordedAttempt
	files map[string]variable // by their path below the attempt's directory
	chain []reports.Link
}

// A variable is a text with places that are others in each attempt.
type variable struct {
	text   []byte
	places []place
}

// A place is a stretch of text. vary makes the n-th of what stands there, of the
// same length.
type place struct {
	from, to int
	vary     func(text []byte, n int)
}

// chainName is the file that pins all others.
const chainName = "evidence.jsonl"

// originals are those of all attempts.
func (r recording) originals() ([]original, error) {
	var all []original
	for _, a := range r.attempts {
		o, err := readOriginal(a)
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

func readOriginal(a recordedAttempt) (original, error) {
	o := original{a, map[string]variable{}, nil}
	dir := os.DirFS(filepath.Join(a.runDir, filepath.FromSlash(a.Attempt.Dir)))
	differing := differingIn(a.Attempt)
	return o, fs.WalkDir(dir, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(dir, path)
		if err != nil || path != chainName {
			o.files[path] = variable{text, places(text, differing)}
			return err
		}
		for line := range strings.Lines(string(text)) {
			var l reports.Link
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			o.chain = append(o.chain, l)
		}
		return nil
	})
}

// variations are by the groups of differingIn.
func variations() []func(text []byte, n int) {
	return []func([]byte, int){varyMoment, varyDate, varyNumber, varyName}
}

// differingIn matches what no two attempts have alike, each in a group of its
// own: a moment, a date as HTTP has it, a PID or the time at which a process
// began, and the name of a machine or of a probe.
func differingIn(a reports.Attempt) *regexp.Regexp {
	names := []string{`probe-[A-Z2-7]{9,26}`}
	for _, h := range a.Hosts {
		names = append(names, regexp.QuoteMeta(h.Machine))
	}
	return regexp.MustCompile(`(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)` +
		`|([A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT)` +
		`|(?:MainPID=|"main-pid":|"raw":"|"pid-stable":"|@)([1-9]\d{1,8})\b` +
		`|(` + strings.Join(names, "|") + `)`)
}

func places(text []byte, differing *regexp.Regexp) (all []place) {
	for _, m := range differing.FindAllSubmatchIndex(text, -1) {
		for i, vary := range variations() {
			if from, to := m[2*i+2], m[2*i+3]; from >= 0 {
				all = append(all, place{from, to, vary})
			}
		}
	}
	return all
}

// apart is the time between two attempts. A time of day is as far from others as it was.
const apart = 37 * time.Second

func varyMoment(text []byte, n int) {
	layout := "2006-01-02T15:04:05Z"
	if digits := len(text) - len(layout) - 1; digits > 0 {
		layout = "2006-01-02T15:04:05." + strings.Repeat("0", digits) + "Z"
	}
	if t, err := time.Parse(layout, string(text)); err == nil {
		copy(text, t.Add(time.Duration(n)*apart).Format(layout))
	}
}

func varyDate(text []byte, n int) {
	if t, err := time.Parse(http.TimeFormat, string(text)); err == nil {
		copy(text, t.Add(time.Duration(n)*apart).Format(http.TimeFormat))
	}
}

// varyNumber maps numbers to others with as many digits, no two to the same.
func varyNumber(text []byte, n int) {
	number, err := strconv.Atoi(string(text))
	if err != nil {
		return
	}
	least := 1
	for range len(text) - 1 {
		least *= 10
	}
	copy(text, strconv.Itoa(least+(number-least+n)%(9*least)))
}

// varyName changes the characters behind the last hyphen. A name that was cut
// stays the beginning of the whole one.
func varyName(text []byte, n int) {
	i := bytes.LastIndexByte(text, '-')
	for _, digit := range []int{n / 676 % 26, n / 26 % 26, n % 26} {
		i++
		switch c := text[i]; {
		case c >= 'A' && c <= 'Z':
			text[i] = 'A' + byte((int(c-'A')+digit)%26)
		case c >= 'a' && c <= 'z':
			text[i] = 'a' + byte((int(c-'a')+digit)%26)
		default: // a digit of the name's alphabet
			text[i] = 'a' + byte(digit)
		}
	}
}

// write makes the directory of the n-th attempt, and returns the digest that
// ends its chain.
func (o *original) write(dir string, n int) (head string, err error) {
	made := map[string][]byte{}
	for path, v := range o.files {
		text := slices.Clone(v.text)
		for _, p := range v.places {
			p.vary(text[p.from:p.to], n)
		}
		made[path] = text
	}
	var chain []byte
	for _, l := range o.chain {
		l.SHA256, l.Prev, l.At = hexDigest(made[l.File][l.Offset:l.Offset+l.Bytes]), head, l.At.Add(time.Duration(n)*apart)
		line, err := json.Marshal(l)
		if err != nil {
			return "", err
		}
		head, chain = hexDigest(line), append(append(chain, line...), '\n')
	}
	made[chainName] = chain
	for path, text := range made {
		name := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return "", err
		}
		if err := os.WriteFile(name, text, 0o600); err != nil {
			return "", err
		}
	}
	return head, nil
}

func hexDigest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
