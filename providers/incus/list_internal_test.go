package incus

import (
	"testing"

	"github.com/lxc/incus/v6/shared/api"
	"github.com/stretchr/testify/assert"
)

// A guest that was turned off from inside is stopped; one that stopped without
// anybody's doing went with its host.
func TestStateOf(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		code api.StatusCode
		last string
		want string
	}{
		{"runs", api.Running, "RUNNING", "running"},
		{"never started", api.Stopped, "", "stopped"},
		{"turned off", api.Stopped, "STOPPED", "stopped"},
		{"its host was", api.Stopped, "RUNNING", "broken"},
		{"its member is away", api.Error, "RUNNING", "broken"},
		{"starts", api.Starting, "STOPPED", "starting"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inst := api.Instance{StatusCode: tc.code, InstancePut: api.InstancePut{Config: api.ConfigMap{"volatile.last_state.power": tc.last}}}
			assert.Equal(t, tc.want, stateOf(inst))
		})
	}
}
