-- +goose Up
CREATE TABLE benchmarks (
    id                TEXT PRIMARY KEY,
    started_unix_ms   BIGINT NOT NULL,
    ended_unix_ms     BIGINT,
    alive_unix_ms     BIGINT NOT NULL,
    exit_status       INTEGER,
    end_reason        TEXT NOT NULL,
    provider          TEXT NOT NULL,
    engine            TEXT NOT NULL,
    gateway           TEXT NOT NULL,
    gate              TEXT NOT NULL,
    seed              BIGINT NOT NULL,
    hostname          TEXT NOT NULL,
    vcpu              INTEGER NOT NULL,
    memory_mib        INTEGER NOT NULL,
    benchtest_version TEXT NOT NULL,
    run_dir           TEXT NOT NULL,
    record_json       TEXT NOT NULL
);
CREATE INDEX benchmarks_started ON benchmarks (started_unix_ms);

CREATE TABLE scenario_reports (
    id               TEXT PRIMARY KEY,
    benchmark_id     TEXT NOT NULL REFERENCES benchmarks (id) ON DELETE CASCADE,
    scenario_key     TEXT NOT NULL,
    iteration        INTEGER NOT NULL,
    started_unix_ms  BIGINT NOT NULL,
    outcome          TEXT NOT NULL,
    reason           TEXT NOT NULL,
    compliance_score DOUBLE PRECISION NOT NULL,
    provider         TEXT NOT NULL,
    engine           TEXT NOT NULL,
    gateway          TEXT NOT NULL,
    engine_isolation TEXT NOT NULL,
    admit_ms         DOUBLE PRECISION NOT NULL,
    handover_ms      DOUBLE PRECISION NOT NULL,
    ready_ms         DOUBLE PRECISION NOT NULL,
    restore_ms       DOUBLE PRECISION NOT NULL,
    prepare_ms       DOUBLE PRECISION NOT NULL,
    control_ms       DOUBLE PRECISION NOT NULL,
    engine_ms        DOUBLE PRECISION NOT NULL,
    hold_ms          DOUBLE PRECISION NOT NULL,
    rules_ms         DOUBLE PRECISION NOT NULL,
    duration_ms      DOUBLE PRECISION NOT NULL,
    first_fixed_ms   DOUBLE PRECISION,
    downtime_ms      DOUBLE PRECISION NOT NULL,
    scenario_digest  TEXT NOT NULL,
    rules_digest     TEXT NOT NULL,
    evidence_digest  TEXT NOT NULL,
    evidence_dir     TEXT NOT NULL,
    record_json      TEXT NOT NULL
);
-- The overview is answered by this index alone.
CREATE INDEX scenario_reports_overview ON scenario_reports (benchmark_id, scenario_key, outcome, compliance_score);
CREATE INDEX scenario_reports_scenario ON scenario_reports (scenario_key, started_unix_ms);

CREATE TABLE jobs (
    id            TEXT PRIMARY KEY REFERENCES scenario_reports (id) ON DELETE CASCADE,
    resolution    TEXT NOT NULL,
    plan          TEXT NOT NULL,
    messages      TEXT NOT NULL,
    model         TEXT NOT NULL,
    input_tokens  BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cost_usd      DOUBLE PRECISION NOT NULL,
    turns         INTEGER NOT NULL,
    record_bytes  BIGINT NOT NULL,
    record_zstd   BYTEA
);

CREATE TABLE tasks (
    id                TEXT PRIMARY KEY,
    job_id            TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    number            INTEGER NOT NULL,
    host_name         TEXT NOT NULL,
    agent             TEXT NOT NULL,
    description       TEXT NOT NULL,
    plan              TEXT NOT NULL,
    summary           TEXT NOT NULL,
    executed_commands TEXT NOT NULL
);
CREATE INDEX tasks_job ON tasks (job_id);

CREATE TABLE tickets (
    id       TEXT PRIMARY KEY REFERENCES scenario_reports (id) ON DELETE CASCADE,
    gateway  TEXT NOT NULL,
    number   TEXT NOT NULL,
    title    TEXT NOT NULL,
    body     TEXT NOT NULL,
    status   TEXT NOT NULL,
    summary  TEXT NOT NULL,
    messages TEXT NOT NULL
);

CREATE TABLE verdicts (
    report_id         TEXT NOT NULL REFERENCES scenario_reports (id) ON DELETE CASCADE,
    number            INTEGER NOT NULL,
    decided_unix_ms   BIGINT NOT NULL,
    scenario_digest   TEXT NOT NULL,
    rules_digest      TEXT NOT NULL,
    outcome           TEXT NOT NULL,
    reason            TEXT NOT NULL,
    compliance_score  DOUBLE PRECISION NOT NULL,
    benchtest_version TEXT NOT NULL,
    PRIMARY KEY (report_id, number)
);

CREATE TABLE rule_results (
    report_id       TEXT NOT NULL,
    verdict_number  INTEGER NOT NULL,
    number          INTEGER NOT NULL,
    scope           TEXT NOT NULL,
    label           TEXT NOT NULL,
    host_name       TEXT NOT NULL,
    required        BOOLEAN NOT NULL,
    status          TEXT NOT NULL,
    expected        TEXT NOT NULL,
    got             TEXT NOT NULL,
    checkpoint      TEXT NOT NULL,
    raw_observation TEXT NOT NULL,
    grade           TEXT NOT NULL,
    evidence        TEXT NOT NULL,
    reason          TEXT NOT NULL,
    PRIMARY KEY (report_id, verdict_number, number),
    FOREIGN KEY (report_id, verdict_number) REFERENCES verdicts (report_id, number) ON DELETE CASCADE
);

CREATE TABLE facts (
    report_id       TEXT NOT NULL REFERENCES scenario_reports (id) ON DELETE CASCADE,
    checkpoint      TEXT NOT NULL,
    -- What the body was compressed against; empty: nothing.
    base_checkpoint TEXT NOT NULL,
    body_bytes      BIGINT NOT NULL,
    body_zstd       BYTEA,
    PRIMARY KEY (report_id, checkpoint)
);

CREATE TABLE transcripts (
    report_id  TEXT PRIMARY KEY REFERENCES scenario_reports (id) ON DELETE CASCADE,
    body_bytes BIGINT NOT NULL,
    body_zstd  BYTEA NOT NULL
);
