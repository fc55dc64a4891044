package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
)

// maxProbeOutput bounds what one probe may answer, in bytes.
const maxProbeOutput = 64 << 20

// Probe runs the probe on the host, joined to the guest's namespaces but its
// user namespace, so that the guest's root can neither stop nor read it.
func (m *Machine) Probe(ctx context.Context, bin *os.File, request []byte) ([]byte, error) {
	init, err := m.running()
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	out := &bounded{max: maxProbeOutput}
	errOut := &bounded{max: 4 << 10}
	// The open file, not a path: nobody can put another program in its place.
	cmd := command(ctx, "/proc/self/fd/3", "--join", strconv.Itoa(init.PID))
	cmd.ExtraFiles = []*os.File{bin}
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(request), out, errOut
	err = cmd.Run()
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
