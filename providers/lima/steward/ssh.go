//go:build linux

package main

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

// A dialog is a line during one session, as a connection.
type dialog struct {
	in   io.Reader // the line's, with what was read ahead
	line line

	reading sync.Mutex // held by a Read
	writing sync.Mutex // held by a Write
	over    atomic.Bool
	once    sync.Once
}

func (d *dialog) Read(b []byte) (int, error) {
	d.reading.Lock()
	defer d.reading.Unlock()
	if d.over.Load() {
		return 0, io.EOF
	}
	return d.in.Read(b)
}

func (d *dialog) Write(b []byte) (int, error) {
	d.writing.Lock()
	defer d.writing.Unlock()
	if d.over.Load() {
		return 0, net.ErrClosed
	}
	return d.line.Write(b)
}

// Close ends the session: what reads and writes is let go. Its parts all call,
// and one may be late, when the line is another session's already.
func (d *dialog) Close() error {
	d.once.Do(func() {
		d.over.Store(true)
		d.line.hangUp()
	})
	return nil
}

// await returns when nothing of the session that is over reads what is for the
// next any more, or writes into it.
func (d *dialog) await() {
	d.reading.Lock()
	defer d.reading.Unlock()
	d.writing.Lock()
	defer d.writing.Unlock()
}

func (d *dialog) LocalAddr() net.Addr              { return address{} }
func (d *dialog) RemoteAddr() net.Addr             { return address{} }
func (d *dialog) SetDeadline(time.Time) error      { return os.ErrNoDeadline }
func (d *dialog) SetReadDeadline(time.Time) error  { return os.ErrNoDeadline }
func (d *dialog) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }

type address struct{}

func (address) Network() string { return "serial" }
func (address) String() string  { return "driver" }

// serveSSH serves one connection until its end.
func serveSSH(c net.Conn, config *ssh.ServerConfig) {
	conn, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for nc := range channels {
		if nc.ChannelType() != "session" {
			_ = nc.Reject(ssh.UnknownChannelType, "sessions alone are served here")
			continue
		}
		ch, reqs, err := nc.Accept()
		if err != nil {
			break
		}
		go serveSession(ch, reqs)
	}
	_ = conn.Close()
}

// serverConfig lets root in, by a key that the guest's own server would take.
func serverConfig(k *keys) (*ssh.ServerConfig, error) {
	signer, known, err := k.read()
	if err != nil {
		return nil, err
	}
	config := &ssh.ServerConfig{
		ServerVersion: "SSH-2.0-benchtest-steward",
		PublicKeyCallback: func(who ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if who.User() != "root" || !known[string(key.Marshal())] {
				return nil, errors.New("not a key of root's")
			}
			return nil, nil //nolint:nilnil // no permissions beside being let in
		},
	}
	config.AddHostKey(signer)
	return config, nil
}
