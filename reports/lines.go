package reports

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// maxLine bounds one line of a record. An attempt with a thousand rules, each
// with its raw observation, stays far below it.
const maxLine = 32 << 20

var errLongLine = fmt.Errorf("line is longer than %d MiB", maxLine>>20)

// A recordLine is a line of a record, without its newline.
type recordLine struct {
	number int    // from 1
	offset int64  // bytes before it
	text   []byte // good until the next line
	torn   bool   // it has no newline
}

// lines reads a record line by line, without those that are blank. what is in
// the line is for messages.
func lines(r io.Reader, what string) iter.Seq2[recordLine, error] {
	return func(yield func(recordLine, error) bool) {
		br := bufio.NewReaderSize(r, 64<<10)
		l := recordLine{}
		for {
			text, err := readLine(br, l.text[:0])
			last := errors.Is(err, io.EOF)
			l.number, l.text, l.torn = l.number+1, text, last
			if err != nil && !last {
				yield(recordLine{}, fmt.Errorf("read %s, line %d: %w", what, l.number, err))
				return
			}
			if len(bytes.TrimSpace(text)) > 0 && !yield(l, nil) || last {
				return
			}
			l.offset += int64(len(text)) + 1
		}
	}
}

// readLines reads what is JSON in every line. A last line without its newline
// that is no JSON was torn by a crash and is left out.
func readLines[T any](r io.Reader, what string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for l, err := range lines(r, what) {
			var v T
			if err == nil {
				if err = json.Unmarshal(l.text, &v); err != nil && l.torn {
					return
				}
				if err != nil {
					err = fmt.Errorf("read %s, line %d: %w", what, l.number, err)
				}
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

// readLine appends the next line to line, without its newline; io.EOF comes with
// the last one, which has none.
func readLine(br *bufio.Reader, line []byte) ([]byte, error) {
	for {
		part, err := br.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return line, err
		case len(line) > maxLine:
			return nil, errLongLine
		}
	}
}
