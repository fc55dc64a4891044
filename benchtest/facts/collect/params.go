//go:build linux

package collect

import (
	"context"
	"fmt"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// param reads one parameter of a query; absent is the zero value.
func param[T any](q facts.Query, name string) (T, error) {
	var zero T
	v, ok := q.Params[name]
	if !ok || v == nil {
		return zero, nil
	}
	t, ok := v.(T)
	if !ok {
		return zero, fmt.Errorf("parameter %s: want a %T, got %v", name, zero, v)
	}
	return t, nil
}

// withTimeout applies the parameter timeout; the request's limit, which ctx
// already carries, stays the upper bound.
func withTimeout(ctx context.Context, q facts.Query) (context.Context, context.CancelFunc, error) {
	text, err := param[string](q, "timeout")
	if err != nil {
		return nil, nil, err
	}
	if text == "" {
		ctx, cancel := context.WithCancel(ctx)
		return ctx, cancel, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return nil, nil, fmt.Errorf("parameter timeout: %w", err)
	}
	if d <= 0 {
		return nil, nil, fmt.Errorf("parameter timeout: %s is no time to wait", text)
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	return ctx, cancel, nil
}
