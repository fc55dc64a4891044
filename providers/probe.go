package providers

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
)

// probePath is where the probe lies in a guest: below /run, which a reboot
// empties, in a directory that sshd's root makes.
const probePath = "/run/benchtest/probe"

// solePath begins the name of a probe that is the only witness. It is not below
// /run, from which a Debian with a kernel of its own executes nothing.
const solePath = "/var/lib/benchtest/probe-"

// A probeState says whether the probe was uploaded over a link. A lost
// connection may mean a reboot, so a new link uploads again.
type probeState struct {
	installing chan struct{} // holds one: the right to upload
	installed  bool          // guarded by installing
}

// installProbe makes sure that this connection has put the probe in its place.
// That a guest changes it afterwards is the guest's to lie about: what it says
// has the grade of a guest.
func (s *Sandbox) installProbe(ctx context.Context) error {
	l, err := s.connect(ctx)
	if err != nil {
		return err
	}
	select {
	case l.probe.installing <- struct{}{}:
		defer func() { <-l.probe.installing }()
	case <-ctx.Done():
		return fmt.Errorf("wait for the probe's upload: %w", context.Cause(ctx))
	}
	if l.probe.installed {
		return nil
	}
	if err := s.uploadProbe(ctx, probePath, 0o755); err != nil {
		return err
	}
	// Over a newer link this would only be true by luck.
	l.probe.installed = l.alive()
	return nil
}

func (s *Sandbox) uploadProbe(ctx context.Context, path string, mode os.FileMode) error {
	info, err := s.o.Probe.Stat()
	if err != nil {
		return fmt.Errorf("read the probe: %w", err)
	}
	// A section has an offset of its own: the file is shared.
	return s.Upload(ctx, io.NewSectionReader(s.o.Probe, 0, info.Size()), path, mode)
}

// runProbe asks the probe in the guest. Beside a Prober it answers for what
// only a guest program knows, and one upload a connection does. Where it is
// the one witness it comes anew for each question, under a name that nobody
// can lie in wait for, and goes with its answer.
func (s *Sandbox) runProbe(ctx context.Context, question []byte) (Result, error) {
	if _, beside := s.machine.(Prober); beside {
		if err := s.installProbe(ctx); err != nil {
			return Result{}, err
		}
		return s.Exec(ctx, Command{Argv: []string{probePath}, Stdin: bytes.NewReader(question), MaxOutput: maxAnswer})
	}
	path := solePath + rand.Text()
	if err := s.uploadProbe(ctx, path, 0o700); err != nil {
		return Result{}, err
	}
	r, err := s.Exec(ctx, Command{
		Argv:  []string{"/bin/sh", "-c", probeOnce, probeOnceName, path},
		Stdin: bytes.NewReader(question), MaxOutput: maxAnswer,
	})
	if err != nil || r.ExitStatus < 0 { // cut off before it removed the file
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookLimit)
		defer cancel()
		_, _ = s.Exec(ctx, Command{Argv: []string{"rm", "-f", path}})
	}
	return r, err
}

// probeOnce runs a probe that removes itself. Its $0 names it to fakes.
const (
	probeOnce     = `"$1"; s=$?; rm -f -- "$1"; exit $s`
	probeOnceName = "benchtest-probe"
)
