// Package talk is how one probe answers many questions over one pair of
// streams. Questions may overlap, and whoever asked may give one up. Neither
// side trusts the other: what is read is bounded, and an answer to a question
// that nobody asked ends the talk.
package talk
