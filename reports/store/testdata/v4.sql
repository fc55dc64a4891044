INSERT INTO benchmarks VALUES ('run-old', 1700000000000, NULL, 1700000000000, NULL, '', 'local', 'oracle', 'runner', '', 7, 'h', 2, 4096, 'v0.0.1', '/x', '{"run_id":"run-old","started":"2023-11-14T22:13:20Z","seed":7}');
INSERT INTO scenario_reports VALUES ('run-old/nginx/001-a/i1', 'run-old', 'nginx/001-a', 1, 1700000001000, 'passed', '', 1, 'local', 'oracle', 'runner', 'none', 0.5, 1, 1, 1, 1, 1, 2000.25, 1, 0.1, 2006, 1500, 0, 'aa', 'bb', 'cc', 'attempts/nginx/001-a/i1', '{"run_id":"run-old","key":"nginx/001-a","iteration":1,"outcome":"passed"}', TRUE);
INSERT INTO jobs VALUES ('run-old/nginx/001-a/i1', 'success', 'plan', 'one', 'm', 1, 2, 0.5, 3, 0, NULL);
INSERT INTO tasks VALUES ('run-old/nginx/001-a/i1/t1', 'run-old/nginx/001-a/i1', 1, 'web1', 'ops', 'd', 'p', 's', 'nginx -t');
INSERT INTO tickets VALUES ('run-old/nginx/001-a/i1', 'runner', 'RUN-1', 'title', 'body', 'resolved', 's', 'm');
INSERT INTO verdicts VALUES ('run-old/nginx/001-a/i1', 0, 1700000002000, 'aa', 'bb', 'passed', '', 1, 'v0.0.1');
INSERT INTO rule_results VALUES ('run-old/nginx/001-a/i1', 0, 1, 'state', 'the service is up', 'web1', TRUE, 'holds', 'e', 'g', 'held', 'r', 'host', 'observed', '', TRUE);
INSERT INTO facts VALUES ('run-old/nginx/001-a/i1', 'held', '', 3, NULL);
