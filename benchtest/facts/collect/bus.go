//go:build linux

package collect

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"

	dbus "github.com/godbus/dbus/v5"
)

// A busConn is a D-Bus connection that asks and waits. The client of godbus
// does more than that and greets in a way that systemd's own socket hangs up
// on, so of godbus this uses the encoding of messages alone.
type busConn struct {
	mu     sync.Mutex
	conn   net.Conn
	r      *bufio.Reader
	serial uint32
	broken error // why the stream cannot be used any more
}

// A busCall is a question to one object.
type busCall struct {
	dest, iface, member string
	path                dbus.ObjectPath
	args                []any
}

// A busReply is the answer to a busCall, or the other side's error.
type busReply struct {
	body []any
	err  error
}

// windowSize bounds the questions that wait for an answer; a bus daemon
// refuses more than 128.
const windowSize = 100

// greet authenticates as the user that the kernel tells the other side we are
// (D-Bus specification, "Authentication Protocol"). A bus wants a name as well.
func greet(ctx context.Context, conn net.Conn, uid uint32, bus bool) (*busConn, error) {
	b := &busConn{conn: conn, r: bufio.NewReaderSize(conn, 64<<10)}
	if err := b.limit(ctx); err != nil {
		return nil, err
	}
	identity := hex.EncodeToString([]byte(strconv.FormatUint(uint64(uid), 10)))
	if _, err := fmt.Fprintf(conn, "\x00AUTH EXTERNAL %s\r\n", identity); err != nil {
		return nil, err
	}
	line, err := b.r.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(line, []byte("OK ")) {
		return nil, fmt.Errorf("authenticate as %d: %s", uid, bytes.TrimSpace(line))
	}
	if _, err := conn.Write([]byte("BEGIN\r\n")); err != nil {
		return nil, err
	}
	if !bus {
		return b, nil
	}
	const daemon = "org.freedesktop.DBus"
	replies, err := b.ask(ctx, []busCall{{dest: daemon, path: "/org/freedesktop/DBus", iface: daemon, member: "Hello"}})
	if err != nil {
		return nil, err
	}
	return b, replies[0].err
}

// limit applies the deadline of ctx to the connection.
func (b *busConn) limit(ctx context.Context) error {
	deadline, _ := ctx.Deadline() // without one, the zero time: no limit
	return b.conn.SetDeadline(deadline)
}

// ask sends all calls and returns their replies in order. The questions travel
// together, a window at a time.
func (b *busConn) ask(ctx context.Context, calls []busCall) ([]busReply, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return nil, b.broken
	}
	ctx, cancel := context.WithTimeoutCause(ctx, systemdLimit, errSystemdSilent)
	defer cancel()
	if err := b.limit(ctx); err != nil {
		return nil, err
	}
	var replies []busReply
	for len(calls) > 0 {
		n := min(len(calls), windowSize)
		some, err := b.exchange(calls[:n])
		if err != nil {
			b.broken = fmt.Errorf("talk over D-Bus: %w", silent(ctx, err))
			return nil, b.broken
		}
		replies, calls = append(replies, some...), calls[n:]
	}
	return replies, nil
}

func (b *busConn) exchange(calls []busCall) ([]busReply, error) {
	first := b.serial + 1
	var out bytes.Buffer
	for _, c := range calls {
		b.serial++
		if err := c.encode(&out, b.serial); err != nil {
			return nil, err
		}
	}
	if _, err := b.conn.Write(out.Bytes()); err != nil {
		return nil, err
	}
	replies := make([]busReply, len(calls))
	for waiting := len(calls); waiting > 0; {
		msg, err := dbus.DecodeMessage(b.r)
		if err != nil {
			return nil, err
		}
		answers, ok := msg.Headers[dbus.FieldReplySerial].Value().(uint32)
		i := answers - first
		if !ok || i >= uint32(len(replies)) {
			continue // a signal, or nothing of ours
		}
		switch msg.Type {
		case dbus.TypeMethodReply:
			replies[i].body = msg.Body
		case dbus.TypeError:
			replies[i].err = replyError(msg)
		default:
			continue
		}
		waiting--
	}
	return replies, nil
}

// encode writes the call as one message.
func (c busCall) encode(out *bytes.Buffer, serial uint32) error {
	msg := &dbus.Message{
		Type: dbus.TypeMethodCall,
		Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldDestination: dbus.MakeVariant(c.dest),
			dbus.FieldPath:        dbus.MakeVariant(c.path),
			dbus.FieldInterface:   dbus.MakeVariant(c.iface),
			dbus.FieldMember:      dbus.MakeVariant(c.member),
		},
		Body: c.args,
	}
	if len(c.args) > 0 {
		msg.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(c.args...))
	}
	begin := out.Len()
	if err := msg.EncodeTo(out, binary.LittleEndian); err != nil {
		return err
	}
	// The library keeps the serial number, which stands at byte 8, to itself.
	const serialAt = 8
	binary.LittleEndian.PutUint32(out.Bytes()[begin+serialAt:], serial)
	return nil
}

func replyError(msg *dbus.Message) error {
	name, _ := msg.Headers[dbus.FieldErrorName].Value().(string)
	text := []string{name}
	for _, v := range msg.Body {
		text = append(text, fmt.Sprint(v))
	}
	return errors.New(strings.Join(text, ": "))
}

// store puts the reply's value into v, out of the variant that a property
// comes in.
func (r busReply) store(v any) error {
	if r.err != nil {
		return r.err
	}
	body := r.body
	if len(body) == 1 {
		if variant, ok := body[0].(dbus.Variant); ok {
			body = []any{variant.Value()}
		}
	}
	return dbus.Store(body, v)
}

func (b *busConn) close() { b.conn.Close() }
