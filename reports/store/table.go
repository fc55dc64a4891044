package store

import (
	"fmt"
	"strings"
)

// A table is where rows of attempts go.
type table struct {
	name    string
	columns []string
	insert  string
}

func newTable(name, columns string) table {
	t := table{name: name, columns: strings.Fields(columns)}
	marks := make([]string, len(t.columns))
	for i := range marks {
		marks[i] = fmt.Sprintf("$%d", i+1)
	}
	t.insert = fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", name, strings.Join(t.columns, ", "), strings.Join(marks, ", "))
	return t
}

// The tables of one attempt, in the order in which their rows refer to each other.
var (
	benchmarkTable = newTable("benchmarks", `id started_unix_ms ended_unix_ms alive_unix_ms exit_status end_reason provider engine
		gateway gate seed hostname vcpu memory_mib benchtest_version run_dir record_json`)
	reportTable = newTable("scenario_reports", `id benchmark_id scenario_key iteration started_unix_ms outcome reason
		compliance_score provider engine gateway engine_isolation admit_ms handover_ms ready_ms restore_ms prepare_ms control_ms engine_ms
		hold_ms rules_ms duration_ms first_fixed_ms downtime_ms scenario_digest rules_digest evidence_digest evidence_dir record_json`)
	jobTable        = newTable("jobs", "id resolution plan messages model input_tokens output_tokens cost_usd turns record_bytes record_zstd")
	taskTable       = newTable("tasks", "id job_id number host_name agent description plan summary executed_commands")
	ticketTable     = newTable("tickets", "id gateway number title body status summary messages")
	verdictTable    = newTable("verdicts", "report_id number decided_unix_ms scenario_digest rules_digest outcome reason compliance_score benchtest_version")
	resultTable     = newTable("rule_results", `report_id verdict_number number scope label host_name required status expected got checkpoint raw_observation grade evidence reason once`)
	factsTable      = newTable("facts", "report_id checkpoint base_checkpoint body_bytes body_zstd")
	transcriptTable = newTable("transcripts", "report_id body_bytes body_zstd")
)

// attemptTables are those that Add fills.
func attemptTables() []table {
	return []table{reportTable, jobTable, taskTable, ticketTable, verdictTable, resultTable, factsTable, transcriptTable}
}
