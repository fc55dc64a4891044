package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"
)

// rawPause is the pause between two dials of a guest that boots: as good as
// none.
const rawPause = 2 * time.Millisecond

// session dials until sshd accepts, shakes hands and runs one command.
func (r *rawMachine) session(ctx context.Context) error {
	conn, err := r.dial(ctx)
	if err != nil {
		return err
	}
	config := &ssh.ClientConfig{
		User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(r.keys.Root.Signer)},
		HostKeyCallback: ssh.FixedHostKey(r.keys.HostKey), HostKeyAlgorithms: []string{r.keys.HostKey.Type()},
	}
	c, channels, requests, err := ssh.NewClientConn(conn, "guest", config)
	if err != nil {
		return fmt.Errorf("shake hands: %w", err)
	}
	client := ssh.NewClient(c, channels, requests)
	defer client.Close()
	return rawCommand(client, "true")
}

// rawCommand is one session with nothing of ours in it.
func rawCommand(client *ssh.Client, line string) error {
	s, err := client.NewSession()
	if err != nil {
		return fmt.Errorf("open session: %w", err)
	}
	defer s.Close()
	if out, err := s.CombinedOutput(line); err != nil {
		return fmt.Errorf("%s: %w: %s", line, err, out)
	}
	return nil
}

func (r *rawMachine) dial(ctx context.Context) (net.Conn, error) {
	ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", r.pid))
	if err != nil {
		return nil, err
	}
	defer ns.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	type dialled struct {
		conn net.Conn
		err  error
	}
	done := make(chan dialled, 1)
	go func() {
		// The thread ends with the goroutine: it is in the guest's network for good.
		runtime.LockOSThread()
		if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- dialled{err: err}
			return
		}
		for {
			var d net.Dialer
			conn, err := d.DialContext(ctx, "tcp", "127.0.0.1:22")
			if err == nil || ctx.Err() != nil {
				done <- dialled{conn, err}
				return
			}
			time.Sleep(rawPause)
		}
	}()
	got := <-done
	return got.conn, got.err
}
