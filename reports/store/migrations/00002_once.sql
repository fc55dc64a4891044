-- +goose Up
-- A guest's program or the suite's own code came to the result: judging the
-- attempt again keeps it.
ALTER TABLE rule_results ADD COLUMN once BOOLEAN NOT NULL DEFAULT FALSE;
