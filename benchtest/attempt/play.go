package attempt

import "context"

// A driverAccess is the driver's own way to the machines by command line, for
// Ansible.
type driverAccess struct{ close func() error }

func (t *try) play(ctx context.Context, k task) (scriptResult, error) {
	panic("wip")
}
