package scenario

import (
	"bytes"
	"path"
	"regexp"
)

// maxScanned is how much of a file is searched, in bytes: secrets get into
// text files, and those are small.
const maxScanned = 1 << 20

// secretShapes are credentials that can be told by their looks. A private key
// counts only with its content: a script may well look for the first line.
var secretShapes = []struct {
	what    string
	pattern *regexp.Regexp
}{
	{"a private key", regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,200}?[A-Za-z0-9+/]{40}`)},
	{"an AWS access key", regexp.MustCompile(`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b`)},
	{"an AWS secret key", regexp.MustCompile(`(?i)aws_secret_access_key["']?\s*[:=]\s*["']?[A-Za-z0-9/+]{40}\b`)},
	{"a GitHub token", regexp.MustCompile(`\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{50,})\b`)},
	{"a GitLab token", regexp.MustCompile(`\bglpat-[A-Za-z0-9_-]{20,}`)},
	{"a Slack token", regexp.MustCompile(`\bxox[abeoprs]-[A-Za-z0-9-]{10,}`)},
	{"an Anthropic key", regexp.MustCompile(`\bsk-ant-[A-Za-z0-9_-]{20,}`)},
	{"an OpenAI key", regexp.MustCompile(`\bsk-(?:proj-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{40,})`)},
	{"a Google API key", regexp.MustCompile(`\bAIza[0-9A-Za-z_-]{35}`)},
	{"a Stripe key", regexp.MustCompile(`\b[rs]k_live_[0-9A-Za-z]{24,}`)},
	{"an npm token", regexp.MustCompile(`\bnpm_[A-Za-z0-9]{36}\b`)},
	{"a Vault token", regexp.MustCompile(`\bhvs\.[A-Za-z0-9_-]{24,}`)},
}

// lintSecrets refuses credentials in any file of the scenario: scenarios are
// shared, and engines may print what they find. The message never holds them.
func lintSecrets(l *linter) {
	for _, name := range l.s.files {
		data, err := readBounded(l.s.FS, name, maxScanned)
		if err != nil {
			continue // a large file, or one that Load has reported
		}
		r := report{file: path.Join(l.s.Dir, name)}
		for _, shape := range secretShapes {
			for _, hit := range shape.pattern.FindAllIndex(data, -1) {
				// The documented example keys of AWS end like this.
				if !bytes.Contains(data[hit[0]:hit[1]], []byte("EXAMPLE")) {
					r.errorf(placeAt(data, hit[0]), "%s in a scenario's file: make it up in prepare.*", shape.what)
				}
			}
		}
		l.list = append(l.list, r.list...)
	}
}
