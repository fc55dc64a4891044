//go:build linux

package collect

import (
	"context"
	"fmt"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// kernelParam reads a sysctl of the namespaces that we are in, whoever's
// procfs it is read through.
func kernelParam(ctx context.Context, s *session, q facts.Query) (finding, error) {
	name := q.Subject
	if !strings.Contains(name, "/") {
		// In the dotted spelling a slash stands for a dot within a name, as in
		// net.ipv4.conf.eth0/100.forwarding; with any slash first it is a path.
		name = strings.ReplaceAll(name, ".", "/")
	} else if dot := strings.IndexByte(name, '.'); dot >= 0 && dot < strings.IndexByte(name, '/') {
		name = strings.NewReplacer(".", "/", "/", ".").Replace(name)
	}
	if strings.Contains("/"+name+"/", "/../") {
		return finding{}, fmt.Errorf("kernel-param %q: no sysctl name", q.Subject)
	}
	b, err := s.env.Proc.ReadFile(ctx, "sys/"+name, 1<<20)
	if notThere(err) {
		return finding{attrs: map[string]any{"value": nil}, raw: err.Error()}, nil
	}
	if err != nil {
		return finding{}, err
	}
	return finding{attrs: map[string]any{"value": strings.Join(strings.Fields(string(b)), " ")}, raw: string(b)}, nil
}
