// Package storetest is the contract of a database that keeps what runs recorded:
// both SQLite and PostgreSQL pass it.
package storetest
