// Package gateways is where a ticket is submitted and its job is awaited.
package gateways

import (
	"context"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// A Gateway takes a ticket to an engine and brings the job record back.
type Gateway interface {
	// Name is the word after -benchtest.gateway=.
	Name() string
	// Dispatch submits the ticket and waits until the job ends or ctx does.
	// The errors are those of Engine.Work.
	Dispatch(ctx context.Context, e engines.Engine, w engines.Work) (rules.Job, error)
}
