package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/benchtest-dev/benchtest/benchtest/facts/join"
)

// maxProbeOutput bounds what one probe may answer, in bytes.
const maxProbeOutput = 64 << 20

// Probe runs the probe on the host, beside the guest and in none of its
// namespaces that its root has power over.
func (m *Machine) Probe(ctx context.Context, bin *os.File, request []byte) ([]byte, error) {
	init, err := m.running()
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	args := []string{"--join", strconv.Itoa(init.PID)}
	layers, err := m.layers()
	if err != nil {
		return nil, fmt.Errorf("probe %s: %w", m.id, err)
	}
	out := &bounded{max: maxProbeOutput}
	errOut := &bounded{max: 4 << 10}
	// The open file, not a path: nobody can put another program in its place.
	cmd := command(ctx, "/proc/self/fd/3", append(args, layers...)...)
	cmd.ExtraFiles = []*os.File{bin}
	// For the zone of times: UTC, whatever the host's is.
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TZ=UTC"}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(request), out, errOut
	err = join.Run(cmd, init.PID)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("probe %s: %w", m.id, context.Cause(ctx))
	case !init.alive(): // then what was joined may have been another process
		return nil, fmt.Errorf("probe %s: the guest went down meanwhile", m.id)
	case err != nil:
		return nil, fmt.Errorf("probe %s: %w: %s", m.id, err, bytes.TrimSpace(errOut.b.Bytes()))
	}
	return out.b.Bytes(), nil
}

// layers tells the probe where the guest's changes to its template are.
func (m *Machine) layers() ([]string, error) {
	rec, err := readJSON[record](dirOf(m.id).record())
	if err != nil {
		return nil, err
	}
	if rec.DiskImage == "" {
		return nil, nil // a template in the making is compared with nothing
	}
	args := []string{"--upper", filepath.Join(dirOf(m.id).disk(), "upper")}
	for _, dir := range rec.Layers {
		args = append(args, "--lower", dir)
	}
	return args, nil
}

// errTooLong is what a bounded buffer that is full gives its writer.
var errTooLong = errors.New("output is too long")

// A bounded buffer takes max bytes.
type bounded struct {
	b   bytes.Buffer
	max int
}

func (w *bounded) Write(p []byte) (int, error) {
	if w.b.Len()+len(p) > w.max {
		return 0, errTooLong
	}
	return w.b.Write(p)
}
