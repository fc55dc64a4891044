package attempt

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestInterpreter(t *testing.T) {
	t.Parallel()
	for script, want := range map[string][]string{
		"":                               {"/bin/sh"},
		"echo no first line":             {"/bin/sh"},
		"#!":                             {"/bin/sh"},
		"#!/bin/sh\n#!/bin/false\n":      {"/bin/sh"},
		"#! /bin/bash -eu \necho":        {"/bin/bash", "-eu"},
		"#!/usr/bin/env python3 -I\n":    {"/usr/bin/env", "python3 -I"}, // as the kernel has it
		"#!/usr/bin/env -S python3 -I\n": {"/usr/bin/env", "-S python3 -I"},
	} {
		assert.Equal(t, want, interpreter([]byte(script)), script)
	}
}
