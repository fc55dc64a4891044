package talk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// kind says what a frame is.
type kind byte

const (
	hello  kind = 1 + iota // from the one who answers: it is there
	ask                    // a question
	drop                   // nobody waits for the answer to this question any more
	answer                 // exactly one of these two comes for each question,
	failed                 // also for one that was dropped
)

// A frame is what is sent at once: its kind, the number of the question that it
// is about and its body's length in big-endian order, then the body.
type frame struct {
	kind kind
	id   uint32
	body []byte
}

const headSize = 9

// errTooLarge is a frame with more in it than its reader is ready to take.
var errTooLarge = errors.New("too large")

// writeFrame writes f at once.
func writeFrame(w io.Writer, f frame) error {
	b := make([]byte, headSize, headSize+len(f.body))
	b[0] = byte(f.kind)
	binary.BigEndian.PutUint32(b[1:], f.id)
	binary.BigEndian.PutUint32(b[5:], uint32(len(f.body)))
	_, err := w.Write(append(b, f.body...))
	return err
}

// readFrame reads the next one, io.EOF when there is none. A body has at most
// limit bytes, and takes memory only as it comes.
func readFrame(r io.Reader, limit int) (frame, error) {
	var head [headSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return frame{}, err
	}
	f := frame{kind: kind(head[0]), id: binary.BigEndian.Uint32(head[1:])}
	size := int64(binary.BigEndian.Uint32(head[5:]))
	if size > int64(limit) {
		return frame{}, fmt.Errorf("%w: %d bytes, over %d", errTooLarge, size, limit)
	}
	var body bytes.Buffer
	n, err := io.Copy(&body, io.LimitReader(r, size))
	if err != nil {
		return frame{}, err
	}
	if n < size {
		return frame{}, io.ErrUnexpectedEOF
	}
	f.body = body.Bytes()
	return f, nil
}
