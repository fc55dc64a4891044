package providers

import "context"

// Capacity is what a host has.
type Capacity struct{ MemoryMiB, VCPU int }

// A CapacityReporter is a Provider whose machines may run elsewhere. It lists
// the hosts; none means that it is this one.
type CapacityReporter interface {
	Capacity(ctx context.Context) ([]Capacity, error)
}

// A Warner is a Provider that works here and knows what would work better: one
// line each, with its remedy. Its Check is asked first.
type Warner interface {
	Warnings(ctx context.Context) ([]string, error)
}
