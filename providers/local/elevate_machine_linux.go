package local

import (
	"context"
	"net"
	"os"

	"github.com/benchtest-dev/benchtest/providers"
)

// An elevatedMachine is a Machine in the hands of the helper.
type elevatedMachine struct {
	e  *elevated
	id string
}

func (m *elevatedMachine) ID() string { return m.id }

// Dial gets a connection that the helper made; its bytes go past the helper.
func (m *elevatedMachine) Dial(ctx context.Context) (net.Conn, error) {
	_, out, err := m.e.call(ctx, request{Method: "dial", ID: m.id}, nil, nil)
	if err != nil {
		return nil, err
	}
	defer out.Close() // net.FileConn makes its own copy
	return net.FileConn(out)
}

func (m *elevatedMachine) Destroy(ctx context.Context) error {
	_, err := m.e.do(ctx, request{Method: "destroy", ID: m.id})
	return err
}

func (m *elevatedMachine) Probe(ctx context.Context, bin *os.File, input []byte) ([]byte, error) {
	r, _, err := m.e.call(ctx, request{Method: "probe", ID: m.id, Input: input}, bin, nil)
	return r.Output, err
}

func (m *elevatedMachine) Reboot(ctx context.Context) error {
	_, err := m.e.do(ctx, request{Method: "reboot", ID: m.id})
	return err
}

// Enforced says which limits hold. The question is a look into one small file,
// so it needs no context.
func (m *elevatedMachine) Enforced() providers.Enforced {
	r, err := m.e.do(context.Background(), request{Method: "enforced", ID: m.id})
	if err != nil {
		return providers.Enforced{Reason: err.Error()}
	}
	return r.Enforced
}
