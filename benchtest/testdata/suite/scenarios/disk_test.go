package scenarios_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/providertest"
)

// disk is the fake provider, whose machines are directories below DISK_DIR. A
// directory that a killed process left behind is a machine too, so that purge
// finds it as it would find a container. The template "broken" cannot be built.
type disk struct {
	*providertest.Fake
	dir string
}

func newDisk(providers.Options) (providers.Provider, error) {
	dir := os.Getenv("DISK_DIR")
	return disk{dir: dir, Fake: providertest.NewFake(providertest.FakeOptions{
		Dir: dir, Facts: lookUp,
		FailBuild: func(t providers.Template) error {
			if t.Name == "broken" {
				return errors.New("no such package: nginxx")
			}
			return nil
		},
	})}, nil
}

// lookUp answers for the probe: files are looked up in the machine's directory.
func lookUp(m *providertest.FakeMachine, req facts.Request) (facts.Answer, error) {
	a := facts.Answer{At: time.Now()}
	for _, q := range req.Queries {
		b, err := os.ReadFile(filepath.Join(m.Dir(), q.Subject))
		a.Facts = append(a.Facts, facts.Fact{
			Query: q, Grade: facts.GradeHost,
			Attrs: map[string]any{"exists": err == nil, "sha256": fmt.Sprintf("%x", sha256.Sum256(b))},
		})
	}
	return a, nil
}

func (d disk) Open(ctx context.Context, id string) (providers.Machine, error) {
	m, err := d.Fake.Open(ctx, id)
	if !errors.Is(err, providers.ErrNotFound) {
		return m, err
	}
	left := filepath.Join(d.dir, id)
	if _, statErr := os.Stat(left); statErr != nil {
		return nil, err
	}
	return remains{id: id, dir: left}, nil
}

// remains are what a killed process left of a machine.
type remains struct{ id, dir string }

func (r remains) ID() string { return r.id }

func (remains) Dial(context.Context) (net.Conn, error) { return nil, errors.New("the machine is off") }

func (r remains) Destroy(context.Context) error { return os.RemoveAll(r.dir) }
