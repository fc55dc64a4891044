// Package providertest holds the conformance suite that every provider passes
// (Run) and Fake, a provider that is cheap, lives in this process and can be
// told to misbehave.
package providertest
