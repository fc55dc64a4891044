// Package rules is the rule vocabulary: what must hold of a machine (state)
// and of the engine's work (compliance). Rules are pure functions of stored
// evidence; nothing here touches a machine, a clock or a file.
package rules
