package providers

import (
	"context"
	"fmt"
	"io"
)

// probePath is where the probe lies in a guest: below /run, which a reboot
// empties, in a directory that sshd's root makes.
const probePath = "/run/benchtest/probe"

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
	info, err := s.o.Probe.Stat()
	if err != nil {
		return fmt.Errorf("read the probe: %w", err)
	}
	// A section has an offset of its own: the file is shared.
	if err := s.Upload(ctx, io.NewSectionReader(s.o.Probe, 0, info.Size()), probePath, 0o755); err != nil {
		return err
	}
	// Over a newer link this would only be true by luck.
	l.probe.installed = l.alive()
	return nil
}
