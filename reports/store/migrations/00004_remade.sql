-- +goose Up
-- The attempt was cut, and its run made another in its place when it was resumed:
-- that one counts for both. Importing the run's directory marks older ones too.
ALTER TABLE scenario_reports ADD COLUMN remade BOOLEAN NOT NULL DEFAULT FALSE;
-- There are few, and the overview takes them off its counts.
CREATE INDEX scenario_reports_remade ON scenario_reports (benchmark_id, scenario_key, outcome, compliance_score) WHERE remade;
