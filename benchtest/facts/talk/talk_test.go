package talk_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts/talk"
)

const most = 1 << 20

// serve answers in the background; finish ends it and returns what Serve did.
func serve(t *testing.T, reply talk.Replier) (tk *talk.Talk, finish func() error) {
	t.Helper()
	questions, asked := io.Pipe()
	answered, answers := io.Pipe()
	served := make(chan error, 1)
	go func() { served <- talk.Serve(t.Context(), questions, answers, reply) }()
	tk, err := talk.Begin(answered, asked, most)
	require.NoError(t, err)
	return tk, func() error {
		require.NoError(t, asked.Close())
		err := <-served
		require.NoError(t, answers.Close())
		return err
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	met := make(chan string) // one alone would never end
	tk, finish := serve(t, func(_ context.Context, q []byte) ([]byte, error) {
		if string(q) == "why" {
			met <- "THEM"
			return nil, errors.New("nobody knows")
		}
		return []byte(<-met), nil
	})
	var wg sync.WaitGroup
	wg.Go(func() {
		said, err := tk.Ask(t.Context(), []byte("who"))
		assert.NoError(t, err)
		assert.Equal(t, "THEM", string(said))
	})
	wg.Go(func() {
		_, err := tk.Ask(t.Context(), []byte("why"))
		assert.ErrorContains(t, err, `"nobody knows"`)
	})
	wg.Wait()
	require.NoError(t, finish())
	<-tk.Ended()
	_, err := tk.Ask(t.Context(), nil)
	require.ErrorIs(t, err, talk.ErrEnded)
}

// One who gives up is not waited for, and the other side is told.
func TestGiveUp(t *testing.T) {
	t.Parallel()
	begun, told := make(chan struct{}), make(chan struct{})
	tk, finish := serve(t, func(ctx context.Context, q []byte) ([]byte, error) {
		if string(q) == "quick" {
			return q, nil
		}
		close(begun)
		<-ctx.Done()
		close(told)
		return nil, ctx.Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-begun
		cancel()
	}()
	_, err := tk.Ask(ctx, []byte("slow"))
	require.ErrorIs(t, err, context.Canceled)
	<-told
	said, err := tk.Ask(t.Context(), []byte("quick"))
	require.NoError(t, err)
	require.Equal(t, "quick", string(said))
	require.NoError(t, finish())
}

// Whoever does not read, or does not let go of a question, is left.
func TestSilence(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		reads bool
		want  string
	}{
		{"does not read", false, "does not read"},
		{"does not let go", true, "does not let go"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				questions, asked := io.Pipe()
				defer func() { assert.NoError(t, questions.Close()) }()
				if tt.reads {
					go func() { _, _ = io.Copy(io.Discard, questions) }()
				}
				answered, answers := io.Pipe()
				defer func() { assert.NoError(t, answers.Close()) }()
				go func() { _, _ = answers.Write([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0}) }()
				tk, err := talk.Begin(answered, asked, most)
				require.NoError(t, err)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err = tk.Ask(ctx, []byte("there?"))
				require.ErrorIs(t, err, context.DeadlineExceeded)
				<-tk.Ended()
				_, err = tk.Ask(t.Context(), nil)
				require.ErrorContains(t, err, tt.want)
				require.NoError(t, asked.Close())
			})
		})
	}
}

// What the other side may not say ends the talk, and never takes much memory.
func TestNonsense(t *testing.T) {
	t.Parallel()
	const hello = "\x01\x00\x00\x00\x00\x00\x00\x00\x00"
	for _, tt := range []struct{ name, said, want string }{
		{"nothing", "", "EOF"},
		{"no greeting", "\x04" + hello[1:], "a frame of kind 4"},
		{"a greeting with a body", "\x01\x00\x00\x00\x00\x00\x00\x00\x01x", "too large"},
		{"half a greeting", hello[:3], "unexpected EOF"},
		{"it hangs up", hello, "EOF"},
		{"half an answer", hello + "\x04\x00\x00\x00\x01\x00\x00\x00\x05no", "unexpected EOF"},
		{"a huge answer", hello + "\x04\x00\x00\x00\x01\xff\xff\xff\xff", "too large"},
		{"an answer to no question", hello + "\x04\x00\x00\x00\x09\x00\x00\x00\x00", "which nobody asked"},
		{"a question", hello + "\x02\x00\x00\x00\x01\x00\x00\x00\x00", "a frame of kind 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			questions, asked := io.Pipe()
			answered, answers := io.Pipe()
			go func() {
				// The rest is said once something was asked.
				n := min(len(tt.said), len(hello))
				_, _ = io.WriteString(answers, tt.said[:n])
				if strings.HasPrefix(tt.said, hello) {
					_, _ = questions.Read(make([]byte, 9))
				}
				_, _ = io.WriteString(answers, tt.said[n:])
				_ = answers.Close()
				_, _ = io.Copy(io.Discard, questions)
			}()
			tk, err := talk.Begin(answered, asked, most)
			if err == nil {
				_, err = tk.Ask(t.Context(), []byte("?"))
			}
			require.ErrorContains(t, err, tt.want)
			require.NoError(t, asked.Close())
		})
	}
}

// FuzzServe: nothing that is asked makes it fail but by an error.
func FuzzServe(f *testing.F) {
	f.Add([]byte("\x02\x00\x00\x00\x01\x00\x00\x00\x02hi\x03\x00\x00\x00\x01\x00\x00\x00\x00"))
	f.Add([]byte("\x02\x00\x00\x00\x01\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, said []byte) {
		var out bytes.Buffer
		_ = talk.Serve(t.Context(), bytes.NewReader(said), &out, func(_ context.Context, q []byte) ([]byte, error) { return q, nil })
		require.GreaterOrEqual(t, out.Len(), 9)
		require.LessOrEqual(t, out.Len(), 9+len(said))
	})
}
