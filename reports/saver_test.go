package reports

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSaver(t *testing.T) {
	t.Parallel()
	const syncTakes = 10 * time.Millisecond
	tests := []struct {
		name string
		use  func(t *testing.T, s *saver)
		want int32 // syncs, when all is over
	}{
		{"many that come at once share one", func(t *testing.T, s *saver) {
			t.Helper()
			for range 50 {
				require.NoError(t, s.soon())
			}
			time.Sleep(time.Second)
		}, 1},
		{"whoever comes while it is busy has one more", func(t *testing.T, s *saver) {
			t.Helper()
			require.NoError(t, s.soon())
			time.Sleep(syncTakes / 2)
			require.NoError(t, s.soon())
			time.Sleep(time.Second)
		}, 2},
		{"it rests between two", func(t *testing.T, s *saver) {
			t.Helper()
			for range 20 {
				require.NoError(t, s.soon())
				time.Sleep((saveRest + syncTakes) / 10)
			}
			time.Sleep(time.Second)
		}, 3},
		{"close waits for what is left, not for the rest", func(t *testing.T, s *saver) {
			t.Helper()
			require.NoError(t, s.soon())
			time.Sleep(syncTakes / 2)
			require.NoError(t, s.soon())
			began := time.Now()
			require.NoError(t, s.close())
			assert.Equal(t, syncTakes/2+syncTakes, time.Since(began))
		}, 2},
		{"save waits", func(t *testing.T, s *saver) {
			t.Helper()
			began := time.Now()
			require.NoError(t, s.save())
			assert.Equal(t, syncTakes, time.Since(began))
		}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var syncs atomic.Int32
				s := newSaver(func() error {
					time.Sleep(syncTakes)
					syncs.Add(1)
					return nil
				})
				tt.use(t, s)
				require.NoError(t, s.close())
				require.NoError(t, s.close(), "twice")
				assert.Equal(t, tt.want, syncs.Load())
			})
		})
	}
}

func TestSaver_failure(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left on device")
	tests := []struct {
		name string
		ask  func(*saver) error
	}{
		{"the next line", (*saver).soon},
		{"the end of the run", (*saver).save},
		{"the end of the log", (*saver).close},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				err := full
				s := newSaver(func() error { defer func() { err = nil }(); return err })
				require.NoError(t, s.soon())
				time.Sleep(time.Second)
				require.ErrorIs(t, tt.ask(s), full)
				require.NoError(t, s.close())
			})
		})
	}
}
