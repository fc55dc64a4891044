package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"unicode/utf8"
)

// maxFile is the size of the largest scenario file, in bytes.
const maxFile = 1 << 20

// read takes a text file in, or says why it is not one: its size is asked for
// before its content, so that a huge file costs nothing.
func read(fsys fs.FS, name string, r *report) ([]byte, bool) {
	data, err := readBounded(fsys, name, maxFile)
	if err != nil {
		r.errorf(place{1, 1}, "%v", err)
		return nil, false
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if len(bytes.TrimSpace(data)) == 0 {
		r.errorf(place{1, 1}, "the file is empty")
		return nil, false
	}
	return data, checkText(data, r)
}

// checkText finds the first byte that no text editor would have written.
func checkText(data []byte, r *report) bool {
	for i := 0; i < len(data); {
		c, size := utf8.DecodeRune(data[i:])
		switch {
		case c == utf8.RuneError && size == 1:
			r.errorf(placeAt(data, i), "byte 0x%02x is not valid UTF-8: save the file as UTF-8", data[i])
			return false
		case c < ' ' && c != '\t' && c != '\n' && c != '\r', c == 0x7f:
			r.errorf(placeAt(data, i), "control character U+%04X", c)
			return false
		}
		i += size
	}
	return true
}

// readBounded reads a regular file of at most limit bytes.
func readBounded(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open file: %w", cause(err))
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("stat file: %w", cause(err))
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("not a regular file: %s", info.Mode().Type())
	case info.Size() > limit:
		return nil, tooLarge(limit)
	}
	// The file may have grown since.
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read file: %w", cause(err))
	case int64(len(data)) > limit:
		return nil, tooLarge(limit)
	}
	return data, nil
}

func tooLarge(limit int64) error { return fmt.Errorf("larger than %d KiB", limit>>10) }

// cause is err without the path that a Problem names anyway.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
