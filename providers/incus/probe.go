package incus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	incus "github.com/lxc/incus/v6/client"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// Probe runs the probe in the guest, over the API and beside its SSH server.
// The program is put there for this one run, under a name that nobody can
// foresee, and is gone afterwards: what lies in a guest is never run again.
// Its facts have the grade guest-oob: the guest's root cannot keep us from
// asking by way of sshd, its shells or its accounts, and is still root.
func (m *Machine) Probe(ctx context.Context, bin *os.File, request []byte) (said []byte, err error) {
	defer func() {
		if err != nil {
			m.seeMember(ctx)
		}
	}()
	info, err := bin.Stat()
	if err != nil {
		return nil, fmt.Errorf("probe %s: %w", m.id, err)
	}
	path := "/run/.benchtest-" + newNonce()
	defer m.unlink(ctx, path)
	err = m.p.server.atOnce().do(ctx, func(c incus.InstanceServer) error {
		return c.CreateInstanceFile(m.id, path, incus.InstanceFileArgs{
			// A section has an offset of its own: the file is shared.
			Content: io.NewSectionReader(bin, 0, info.Size()), Mode: 0o500, Type: "file", WriteMode: "overwrite",
		})
	})
	if err != nil {
		return nil, fmt.Errorf("probe %s: send the probe: %w", m.id, err)
	}
	said, err = m.p.exec(ctx, m.id, request, path)
	if err != nil {
		return nil, fmt.Errorf("probe %s: %w", m.id, err)
	}
	return said, nil
}

// ProbeGrade is guest-oob: the probe answers in the guest, and came there
// beside its SSH server.
func (m *Machine) ProbeGrade() facts.Grade { return facts.GradeGuestOOB }

// unlink removes what Probe brought. A guest that is gone or restarted has
// emptied /run itself.
func (m *Machine) unlink(ctx context.Context, path string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_ = m.p.server.atOnce().do(ctx, func(c incus.InstanceServer) error {
		return errors.Join(c.DeleteInstanceFile(m.id, path))
	})
}
