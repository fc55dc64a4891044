package scenario

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLint(t *testing.T) {
	t.Parallel()
	limits := LintOptions{Max: Timeouts{
		Ready: time.Minute, Prepare: 2 * time.Minute, Engine: time.Hour, Hold: time.Hour, // release: no limit
	}}
	archives(t, "lint", func(t *testing.T, root fs.FS) string {
		t.Helper()
		loaded, problems := Load(root, LoadOptions{})
		require.Empty(t, problems)
		return told(Lint(loaded, limits), nil)
	})
}

func TestLintHoldOfTheSuite(t *testing.T) {
	t.Parallel()
	root := fstest.MapFS{
		"g/a/solve.sh": {}, "g/a/scenario.yaml": {Data: []byte(minimal + "state:\n  - {label: up, service: nginx, expect: {running: true}, for: 40s}\n")},
	}
	loaded, problems := Load(root, LoadOptions{})
	require.Empty(t, problems)
	assert.Len(t, Lint(loaded, LintOptions{}), 1)
	assert.Empty(t, Lint(loaded, LintOptions{Hold: 40 * time.Second}))
}

// The shapes are put together here, so that no scanner takes this file for a leak.
func TestLintSecrets(t *testing.T) {
	t.Parallel()
	letters := strings.Repeat("Ab3dEf6hIj", 9)
	for _, test := range []struct{ name, text, want string }{
		{"private key", "-----BEGIN RSA PRIVATE" + " KEY-----\n" + letters, "2:5: a private key"},
		{"private key in JSON", "-----BEGIN PRIVATE" + ` KEY-----\n` + letters, "2:5: a private key"},
		{"only its first line", "grep -q -- '-----BEGIN PRIVATE" + " KEY-----' /etc/ssl/key.pem", ""},
		{"AWS access key", "AKIA" + "ABCDEFGHIJ234567", "2:5: an AWS access key"},
		{"AWS example", "AKIA" + "IOSFODNN7EXAMPLE", ""},
		{"AWS secret key", "AWS_SECRET_ACCESS_KEY=" + letters[:40], "2:5: an AWS secret key"},
		{"GitHub", "ghp_" + letters[:36], "2:5: a GitHub token"},
		{"GitHub, fine-grained", "github_pat_" + letters[:60], "2:5: a GitHub token"},
		{"GitLab", "glpat-" + letters[:20], "2:5: a GitLab token"},
		{"Slack", "xoxb-" + letters[:20], "2:5: a Slack token"},
		{"Anthropic", "sk-ant-" + letters[:30], "2:5: an Anthropic key"},
		{"OpenAI", "sk-proj-" + letters[:40], "2:5: an OpenAI key"},
		{"Google", "AIza" + letters[:35], "2:5: a Google API key"},
		{"Stripe", "sk_live_" + letters[:24], "2:5: a Stripe key"},
		{"npm", "npm_" + letters[:36], "2:5: an npm token"},
		{"Vault", "hvs." + letters[:30], "2:5: a Vault token"},
		{"a digest", "sha256:" + strings.Repeat("0123456789abcdef", 4), ""},
		{"a risky word", "disk-encryption-is-not-a-secret", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			root := fstest.MapFS{
				"g/a/scenario.yaml": {Data: []byte(minimal + "state:\n  - {label: up, service: nginx, expect: {running: true}}\n")},
				"g/a/solve.sh":      {}, "g/a/files/notes": {Data: []byte("#\n  é " + test.text + "\n")},
			}
			loaded, problems := Load(root, LoadOptions{})
			require.Empty(t, problems)
			got := Lint(loaded, LintOptions{})
			if test.want == "" {
				assert.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			assert.Equal(t, "g/a/files/notes:"+test.want+" in a scenario's file: make it up in prepare.*", got.Error())
		})
	}
}
