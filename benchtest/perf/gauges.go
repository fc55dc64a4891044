package main

// gauges are all measurements, in the order in which they are made.
func gauges() []gauge {
	return []gauge{
		// Those that count file operations come first: on ext4, files that were
		// deleted in the last minutes make each new one slower.
		{name: "overhead-fake", bars: []bar{{bound: 5, unit: "ms"}}, measure: measureOverhead},
		{name: "makespan-fake", bars: []bar{{bound: 1.5, unit: "%"}}, measure: measureFakeMakespan},
		{name: "memory-fake", bars: []bar{{bound: 150, unit: "MB"}}, measure: measureMemory},
		{name: "clone-cold", bars: []bar{{bound: 1.3}}, measure: measureCold},
		{name: "handover-warm", bars: []bar{
			{suffix: "-p50", bound: 10, unit: "ms"},
			{suffix: "-p99", bound: 60, unit: "ms"},
		}, measure: measureHandover},
		{name: "facts-50", bars: []bar{{bound: 0.1}}, measure: measureFacts},
		{name: "clone-size", bars: []bar{{bound: 1.2}}, measure: measureSize},
		{name: "admission-1e5", bars: []bar{
			{suffix: "-over-budget", bound: 0},
			{suffix: "-one-dimension", bound: 1.03},
			{suffix: "-two-dimensions", bound: 1.12},
			{suffix: "-gain", bound: 10, unit: "%", atLeast: true},
		}, measure: measureAdmission},
		{name: "scenarios-wall", bars: []bar{{bound: 6, unit: "s"}}, measure: measureScenarios},
		{name: "incus-clone", bars: []bar{{bound: 1.15}}, measure: measureIncusClone},
		{name: "incus-handover", bars: []bar{{suffix: "-p50", bound: 0.05}}, measure: measureIncusHandover},
		{name: "incus-throughput", bars: []bar{{bound: 0.95, atLeast: true}}, measure: measureIncusThroughput},
		{name: "lima-reset", bars: []bar{
			{suffix: "-gain", bound: 40, atLeast: true},
			{suffix: "-time", bound: 2, unit: "s"},
		}, measure: measureLima},
		{name: "report-sqlite", bars: []bar{{bound: 0.7, atLeast: true}}, measure: measureWriteSQLite},
		{name: "report-postgres", bars: []bar{{bound: 0.6, atLeast: true}}, measure: measureWritePostgres},
		{name: "report-share", bars: []bar{{bound: 0.5, unit: "%"}}, measure: measureShare},
		{name: "report-html-200", bars: []bar{{bound: 100, unit: "ms"}}, measure: measureHTML},
		{name: "rescore-10000", bars: []bar{
			{suffix: "-runs", bound: 10, unit: "s"},
			{suffix: "-runs-memory", bound: 1.2},
			{suffix: "-sqlite", bound: 10, unit: "s"},
			{suffix: "-sqlite-memory", bound: 1.2},
		}, measure: measureRescore},
		{name: "view-50000-sqlite", bars: []bar{{bound: 300, unit: "ms"}}, measure: measureViewSQLite},
		{name: "view-50000-postgres", bars: []bar{{bound: 300, unit: "ms"}}, measure: measureViewPostgres},
	}
}
