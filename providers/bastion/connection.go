package bastion

import (
	"context"
	"net"
	"strconv"
	"sync"

	"golang.org/x/crypto/ssh"
)

// A connection is one client's SSH connection, for one host.
type connection struct {
	bastion *Bastion
	guest   *guest
	slots   chan struct{} // one for each channel that is open
}

// serve handles the client's channels until it leaves, and waits for them.
func (c *connection) serve(ctx context.Context, chans <-chan ssh.NewChannel, reqs <-chan *ssh.Request) {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { c.refuseGlobals(reqs) })
	for nc := range chans {
		select {
		case c.slots <- struct{}{}:
		default:
			c.reject(nc, ssh.ResourceShortage, "too many sessions on this connection")
			continue
		}
		wg.Go(func() {
			defer func() { <-c.slots }()
			switch nc.ChannelType() {
			case "session":
				c.session(ctx, nc)
			case "direct-tcpip":
				c.forward(ctx, nc)
			default:
				c.reject(nc, ssh.UnknownChannelType, "only sessions and forwards to the guest's loopback")
			}
		})
	}
}

// refuseGlobals answers no to everything: forwards from the guest to the
// driver, above all. A client's keepalive takes any answer.
func (c *connection) refuseGlobals(reqs <-chan *ssh.Request) {
	for r := range reqs {
		if r.Type == "tcpip-forward" || r.Type == "streamlocal-forward@openssh.com" {
			c.bastion.log.Printf("refuse %s of a client of %s", r.Type, c.guest.name)
		}
		if r.WantReply {
			_ = r.Reply(false, nil)
		}
	}
}

func (c *connection) reject(nc ssh.NewChannel, why ssh.RejectionReason, text string) {
	c.bastion.log.Printf("refuse %s of a client of %s: %s", nc.ChannelType(), c.guest.name, text)
	_ = nc.Reject(why, text)
}

// forward connects the client with a port of its guest's loopback.
func (c *connection) forward(ctx context.Context, nc ssh.NewChannel) {
	var want struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	if err := ssh.Unmarshal(nc.ExtraData(), &want); err != nil || !c.ownLoopback(want.Host) {
		c.reject(nc, ssh.Prohibited, "forwards go to the guest's loopback only")
		return
	}
	target := net.JoinHostPort(want.Host, strconv.Itoa(int(want.Port)))
	seq, err := c.bastion.ledger.start(Record{
		Host: c.guest.name, Kind: Forward, Command: target, Argv: []string{"direct-tcpip", target},
	})
	if err != nil {
		c.reject(nc, ssh.ResourceShortage, err.Error())
		return
	}
	var in, out pump
	failure := c.relay(ctx, nc, &in, &out)
	c.bastion.ledger.end(seq, func(r *Record) {
		r.Stdin, r.Stdout, r.Error = in.bytes.Load(), out.bytes.Load(), failure
	})
}

// relay opens the forward at the guest and moves its bytes until both sides
// have ended. It returns why it could not, if so.
func (c *connection) relay(ctx context.Context, nc ssh.NewChannel, in, out *pump) (failure string) {
	up, upReqs, leave, err := c.guest.open(ctx, nc.ChannelType(), nc.ExtraData())
	if err != nil {
		_ = nc.Reject(ssh.ConnectionFailed, err.Error())
		return err.Error()
	}
	defer leave()
	down, downReqs, err := nc.Accept()
	if err != nil {
		_ = up.Close()
		return err.Error()
	}
	var input, output, guest sync.WaitGroup
	defer guest.Wait()
	defer input.Wait()
	input.Go(func() {
		_ = in.run(up, down)
		_ = up.CloseWrite()
	})
	output.Go(func() {
		_ = out.run(down, up)
		_ = down.CloseWrite()
	})
	guest.Go(func() {
		ssh.DiscardRequests(upReqs) // ends when the guest has closed its side
		output.Wait()
		_ = down.Close()
	})
	ssh.DiscardRequests(downReqs) // ends when the client has closed its side
	waitFor(drain, input.Wait)
	_ = up.Close()
	output.Wait()
	return ""
}

// ownLoopback says whether host, which the guest resolves, is the guest itself.
func (c *connection) ownLoopback(host string) bool {
	if host == "localhost" || host == c.guest.name {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
