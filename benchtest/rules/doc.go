// Package rules is the rule vocabulary: what must hold of a machine (state)
// and of the engine's work (compliance). Rules are pure functions of stored
// evidence; nothing here touches a machine or a file, and the only clock is the
// one that bounds a backtracking pattern.
//
// Answers have three values. A rule holds, does not hold, or is errored because
// the question could not be asked; negate turns the first two round and never
// the third. What has no value (the mode of a file that is not there) meets no
// matcher, negated or not.
//
// The vocabulary is in tables: facts.Nouns for nouns and attributes,
// matcherDefs for matchers, validatorDefs for validators. The strict reader and
// the JSON Schema are both made from them. A new matcher or validator is one
// small file and one line in its table.
package rules
