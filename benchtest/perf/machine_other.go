//go:build !linux

package main

import "context"

// Machines are measured on provider local, which needs Linux.
func needsLinux(context.Context) ([]reading, error) {
	return nil, skip{"provider local needs Linux: run there, as root"}
}

func measureCold(ctx context.Context) ([]reading, error)      { return needsLinux(ctx) }
func measureHandover(ctx context.Context) ([]reading, error)  { return needsLinux(ctx) }
func measureFacts(ctx context.Context) ([]reading, error)     { return needsLinux(ctx) }
func measureSize(ctx context.Context) ([]reading, error)      { return needsLinux(ctx) }
func measureScenarios(ctx context.Context) ([]reading, error) { return needsLinux(ctx) }

// Machines of Incus are measured where its daemon runs.
func needsIncus(context.Context) ([]reading, error) {
	return nil, skip{"Incus runs on Linux: run there, as root"}
}

func measureIncusClone(ctx context.Context) ([]reading, error)      { return needsIncus(ctx) }
func measureIncusHandover(ctx context.Context) ([]reading, error)   { return needsIncus(ctx) }
func measureIncusThroughput(ctx context.Context) ([]reading, error) { return needsIncus(ctx) }

// Machines of lima's are measured where QEMU has snapshots of them.
func measureLima(context.Context) ([]reading, error) {
	return nil, skip{"lima's driver on macOS has no snapshots: run on Linux"}
}
