package host

import (
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
)

// A record says on disk who has a host, and all that it takes to reach it
// without the inventory.
type record struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"` // the inventory's
	HostName  string    `json:"host_name"`
	Address   string    `json:"address"`
	Addresses []string  `json:"addresses"` // what that resolved to, as names of files
	Port      int       `json:"port"`
	User      string    `json:"user"`
	AgentUser string    `json:"agent_user"`
	Key       string    `json:"key"` // a path
	HostKey   string    `json:"host_key"`
	Template  string    `json:"template,omitempty"`
	Run       string    `json:"run,omitempty"`
	Attempt   string    `json:"attempt,omitempty"`
	Kept      bool      `json:"kept,omitempty"` // it stays lent when its process has ended
	Created   time.Time `json:"created"`
}

func newRecord(c providers.CloneSpec, claim *claim, pin ssh.PublicKey) record {
	e := claim.entry
	r := record{
		ID: c.ID, Name: e.Name, HostName: c.HostName, Address: e.Address, Addresses: claim.keys, Port: e.Port, User: e.User, AgentUser: e.AgentUser,
		Key: e.Key, HostKey: string(ssh.MarshalAuthorizedKey(pin)), Run: c.Run, Attempt: c.Attempt, Created: time.Now(),
	}
	if c.Template.Name != "" {
		r.Template = c.Template.BuildName()
	}
	return r
}

func (r record) entry() Entry { return Entry{Name: r.Name, Address: r.Address, Port: r.Port} }

func (r record) pin() (ssh.PublicKey, error) {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(r.HostKey))
	if err != nil {
		return nil, fmt.Errorf("read the host key of %s: %w", r.Name, err)
	}
	return key, nil
}

func (p *Provider) recordPath(id string) string { return filepath.Join(p.dir(), "lent", id+".json") }

// write writes a new record. An ID that is taken is an error.
func (p *Provider) write(r record) error {
	if err := readFile(p.recordPath(r.ID), new(record)); err == nil {
		return fmt.Errorf("machine ID %s is taken", r.ID)
	}
	if err := writeFile(p.recordPath(r.ID), r); err != nil {
		return fmt.Errorf("note who has it: %w", err)
	}
	return nil
}

// A stain says on disk that a host was changed and not mended yet.
type stain struct {
	Host     string    `json:"host"`
	Scenario string    `json:"scenario"` // whose restore.* mends it
	Attempt  string    `json:"attempt"`
	Run      string    `json:"run"`
	At       time.Time `json:"at"`
}

// stainPath goes by the address, which all names of a host share.
func (p *Provider) stainPath(key string) string { return filepath.Join(p.dir(), "soiled", key+".json") }
