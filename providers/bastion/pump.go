package bastion

import (
	"io"
	"sync/atomic"
)

// A pump moves bytes one way. The zero value moves them and counts them.
type pump struct {
	bytes atomic.Int64
	// see, where set, is shown each piece before it is forwarded. It must not
	// keep the slice.
	see func([]byte)
}

// run copies until src ends or dst breaks. It holds one buffer: what dst does
// not take stays with src, which SSH's windows bound.
func (p *pump) run(dst io.Writer, src io.Reader) error {
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			p.bytes.Add(int64(n))
			if p.see != nil {
				p.see(buf[:n])
			}
			if _, werr := dst.Write(buf[:n]); werr != nil {
				return werr
			}
		}
		switch err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}
