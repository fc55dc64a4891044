package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
)

func schemaCommand() command {
	return command{
		name: "schema", summary: "Print the JSON Schema of scenario.yaml, for editors",
		flags: func(*flag.FlagSet) runFunc {
			return func(_ context.Context, e *env, _ []string) error {
				b, err := scenario.Schema()
				if err != nil {
					return err
				}
				if _, err := e.stdout.Write(b); err != nil {
					return fmt.Errorf("print schema: %w", err)
				}
				return nil
			}
		},
	}
}
