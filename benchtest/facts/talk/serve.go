package talk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// maxQuestion bounds one question.
const maxQuestion = 64 << 20

// A Replier answers one question; an error is told to whoever asked. Its
// context ends when nobody waits for the answer any more.
type Replier func(ctx context.Context, question []byte) ([]byte, error)

// Serve answers what is asked on in, side by side, until that ends, and then
// waits for what it has begun. It closes neither stream.
func Serve(ctx context.Context, in io.Reader, out io.Writer, reply Replier) error {
	s := &server{out: out, reply: reply, begun: map[uint32]context.CancelFunc{}}
	ctx, cancel := context.WithCancel(ctx)
	defer s.work.Wait()
	defer cancel()
	if err := s.write(frame{kind: hello}); err != nil {
		return fmt.Errorf("greet: %w", err)
	}
	for {
		f, err := readFrame(in, maxQuestion)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read question: %w", err)
		case f.kind == ask:
			s.begin(ctx, f)
		case f.kind == drop:
			s.end(f.id)
		default:
			return fmt.Errorf("read question: a frame of kind %d", f.kind)
		}
	}
}

// A server is one Serve.
type server struct {
	reply Replier
	work  sync.WaitGroup

	writing sync.Mutex
	out     io.Writer

	mu    sync.Mutex
	begun map[uint32]context.CancelFunc
}

// begin answers a question in a goroutine of its own.
func (s *server) begin(ctx context.Context, f frame) {
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	s.begun[f.id] = cancel
	s.mu.Unlock()
	s.work.Go(func() {
		defer s.end(f.id)
		said, err := s.reply(ctx, f.body)
		told := frame{answer, f.id, said}
		if err != nil {
			told = frame{failed, f.id, []byte(err.Error())}
		}
		_ = s.write(told) // when nobody reads, in ends too
	})
}

// end gives up a question, if it is not over.
func (s *server) end(id uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel, ok := s.begun[id]; ok {
		cancel()
		delete(s.begun, id)
	}
}

func (s *server) write(f frame) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return writeFrame(s.out, f)
}
