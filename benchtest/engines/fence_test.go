package engines

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestShellFences(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		want       []fence
	}{
		{"none", "just words with `code`", nil},
		{"plain", "do:\n```\nnginx -t\n```\nthanks", []fence{{text: "nginx -t\n"}}},
		{"languages", "```sh\na\n```\n```bash\nb\n```\n```shell\nc\n```\n```python\nd\n```\n```yaml\ne\n```", []fence{{text: "a\n"}, {text: "b\n"}, {text: "c\n"}}},
		{"hosts", "```bash web1\na\n```\n``` bash  db1\nb\n```", []fence{{host: "web1", text: "a\n"}, {host: "db1", text: "b\n"}}},
		{"indented", "  ```sh\n  a\n    b\n  ```", []fence{{text: "  a\n    b\n"}}},
		{"longer fence", "````\n```\nx\n```\n````", []fence{{text: "```\nx\n```\n"}}},
		{"not closed", "```sh\na\nb", []fence{{text: "a\nb\n"}}},
		{"windows", "```sh\r\na\r\n```\r\n", []fence{{text: "a\n"}}},
		{"empty", "```sh\n```", nil},
		{"text after another", "```json\n{}\n```\n```sh\na\n```", []fence{{text: "a\n"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, shellFences(tt.body))
		})
	}
}
