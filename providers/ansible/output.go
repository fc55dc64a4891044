package ansible

import "io"

// output keeps the end of what was printed and hands the begin to a log. One
// writer at a time.
type output struct {
	log     io.Writer // nil: nobody reads
	logLeft int
	keep    int
	tail    []byte
	cut     bool
}

func (o *output) Write(p []byte) (int, error) {
	n := len(p)
	o.tail = append(o.tail, p...)
	// Twice the room, so that each byte moves about once.
	if len(o.tail) > 2*o.keep {
		o.trim()
	}
	if o.log == nil || o.logLeft < 0 {
		return n, nil
	}
	if o.logLeft -= n; o.logLeft < 0 {
		p = []byte("\n(this log's limit is reached)\n")
	}
	// A log that cannot be written must not end the playbook.
	_, _ = o.log.Write(p)
	return n, nil
}

func (o *output) trim() {
	if over := len(o.tail) - o.keep; over > 0 {
		o.tail = append(o.tail[:0], o.tail[over:]...)
		o.cut = true
	}
}

// end returns what was kept and whether that is not all.
func (o *output) end() ([]byte, bool) {
	o.trim()
	return o.tail, o.cut
}
