package attempt

import "context"

// A layingDesk is a desk that is being opened while something else goes on.
type layingDesk struct {
	done chan struct{}
	desk *desk
	err  error
}

// layDesk begins to open the desk. The caller clears it.
func (t *try) layDesk(ctx context.Context) *layingDesk {
	l := &layingDesk{done: make(chan struct{})}
	go func() {
		defer close(l.done)
		l.desk, l.err = t.openDesk(ctx)
	}()
	return l
}

// laid waits until the desk is open.
func (l *layingDesk) laid() (*desk, error) {
	<-l.done
	return l.desk, l.err
}

// clear closes the desk, if nobody has.
func (l *layingDesk) clear() error {
	if d, err := l.laid(); err == nil {
		return d.close()
	}
	return nil // its error is the attempt's
}
