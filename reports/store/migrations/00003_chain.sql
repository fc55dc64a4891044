-- +goose Up
-- body_zstd of a row with a base_checkpoint was a frame with that one as its
-- dictionary. From now on it goes on from it: the bodies of one attempt, in the
-- order healthy, faulted, after, held, sample, are one frame. The old ones are
-- read as before, and the number keeps an older benchtest from the new ones.
SELECT 1;
