package cheats

import (
	"context"
	"errors"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
)

// ends are cheats by which the machine goes away, and with it the witness.
func ends() []cheat {
	return []cheat{
		{name: "power-off", quick: true, wounded: true, script: `sync -f /; poweroff -f`, seen: isDown},
		{name: "halt", wounded: true, script: `systemctl halt --no-block; sleep 5`, seen: isDown},
		{name: "init-killed-by-signal", wounded: true, script: `kill -RTMIN+4 1; sleep 5`, seen: isDown},
		{name: "reboot-unrepaired", wounded: true, script: `systemctl reboot --no-block; sleep 3`, seen: isBackUp},
	}
}

// isDown waits until the machine is off.
func isDown(ctx context.Context, m providers.Machine) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		conn, err := m.Dial(ctx)
		if err != nil {
			return nil
		}
		_ = conn.Close()
		select {
		case <-ctx.Done():
			return errors.New("the machine is still up")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// isBackUp waits until the machine was down, or greets again after a boot.
func isBackUp(ctx context.Context, m providers.Machine) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for !greets(ctx, m) {
		select {
		case <-ctx.Done():
			return errors.New("the machine does not come back")
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}
