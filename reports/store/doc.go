// Package store keeps what runs recorded in a database that outlives them: SQLite
// on one machine, PostgreSQL for a team. The rows are the same in both.
//
// The database is fed from a run's directory and never the other way round:
// events.jsonl is written and synced first, and Replay brings rows that are
// missing. So a database that is down, slow or full costs no verdict.
//
// # Tables
//
//	benchmarks        one a run; id is the run's ID
//	scenario_reports  one an attempt; id is RUN_ID/KEY/iN. Leave out those that are remade when you count
//	jobs, tickets     one an attempt that came so far; id is the attempt's
//	tasks             one a task of a job; id is the job's, then /tN
//	verdicts          one an attempt (number 0), and more from when it was judged again: the last by decided_unix_ms counts
//	rule_results      one a rule of a verdict
//	facts             one a checkpoint of an attempt, compressed: those of one attempt are one frame
//	transcripts       one an attempt whose engine said something, compressed
//
// Units are in the names of columns: _ms is milliseconds, _unix_ms a moment as
// milliseconds since 1970 in UTC, _mib MiB, _bytes bytes. A moment is an integer
// and no timestamp, so that both databases hold, compare and index the same:
// to_timestamp(started_unix_ms/1000.0) and datetime(started_unix_ms/1000,
// 'unixepoch') show it.
//
// Text is stored as it is, but for what PostgreSQL cannot hold: NUL is stored as
// ␀, and bytes that are no UTF-8 as �. Compressed columns hold every byte.
package store
