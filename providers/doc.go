// Package providers hands out machines and speaks SSH to them. Provider and
// Machine are what a kind of machine source implements; Sandbox is what the
// rest of benchtest uses.
package providers
