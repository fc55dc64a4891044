package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/benchtest-dev/benchtest/providers"
)

// What is said wrong is exit status 2 and one line on standard error, which
// names the command and says how it is said right.
func TestUsage(t *testing.T) {
	t.Parallel()
	for _, c := range commands() {
		cases := map[string]string{"a flag that is none": "--nosuch"}
		if c.args == "" {
			cases["an argument too many"] = "surplus"
		}
		if c.args != "" && c.args[0] != '[' {
			cases["no argument"] = ""
		}
		for name, said := range cases {
			t.Run(c.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				var out, errs bytes.Buffer
				home := t.TempDir()
				e := &env{
					stdin: strings.NewReader(""), stdout: &out, stderr: &errs, providers: &providers.Registry{},
					lookup: func(name string) (string, bool) { return home, name == "BENCHTEST_HOME" },
				}
				code := e.run(t.Context(), strings.Fields(c.name+" "+said))
				assert.Equal(t, exitUsage, code)
				assert.Empty(t, out.String())
				assert.Regexp(t, `\Abenchtest `+c.name+`: .*[a-z].*\n\z`, errs.String())
				if said != "" {
					assert.Contains(t, errs.String(), "benchtest "+c.name+" --help")
				}
			})
		}
	}
}
