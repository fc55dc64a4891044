// Package facts is the fact model: what was observed of a machine, when, and
// how far the observation can be trusted. It is the leaf of the import graph
// and knows no machine, rule or scenario.
package facts
