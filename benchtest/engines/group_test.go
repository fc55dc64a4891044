package engines

import (
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// signals notes what a group is sent, and when.
type signals struct {
	start time.Time
	sent  map[syscall.Signal]time.Duration
}

func (s *signals) kill(pid int, sig syscall.Signal) error {
	if pid == -7 {
		s.sent[sig] = time.Since(s.start)
	}
	return nil
}

// TestGroup_grace: SIGTERM, and SIGKILL 5 s later; nothing once it has ended.
func TestGroup_grace(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		c     Command
		ended time.Duration
		want  map[syscall.Signal]time.Duration
	}{
		{"by default", Command{}, time.Hour, map[syscall.Signal]time.Duration{syscall.SIGTERM: 0, syscall.SIGKILL: 5 * time.Second}},
		{"as it is set", Command{Grace: time.Second}, time.Hour, map[syscall.Signal]time.Duration{syscall.SIGTERM: 0, syscall.SIGKILL: time.Second}},
		{"it ends before", Command{}, 2 * time.Second, map[syscall.Signal]time.Duration{syscall.SIGTERM: 0, syscall.SIGKILL: 2 * time.Second}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &signals{start: time.Now(), sent: map[syscall.Signal]time.Duration{}}
				g := &group{kill: s.kill}
				require.NoError(t, g.terminate(7, tt.c.grace()))
				assert.True(t, g.terminated())
				<-time.After(min(tt.ended, time.Minute))
				synctest.Wait()
				if tt.ended < time.Minute {
					g.end(7) // kills what is left, at once
				}
				assert.Equal(t, tt.want, s.sent)
				if tt.ended < time.Minute {
					assert.ErrorIs(t, g.terminate(7, time.Second), os.ErrProcessDone)
				}
				<-time.After(time.Minute)
				synctest.Wait()
				assert.Equal(t, tt.want, s.sent, "and nothing more")
			})
		})
	}
}
