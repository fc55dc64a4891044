# Writes one JSON line for each task result and one for the statistics. It is a
# plugin of ansible-playbook, copied to its private work directory.
DOCUMENTATION = """
name: benchtest
type: notification
short_description: task results as JSON lines
description: Writes what each task did to the file named by BENCHTEST_EVENTS.
"""

import json
import os
import time

from ansible.plugins.callback import CallbackBase

MAX_TEXT = 8 << 10
MAX_ARGS = 64 << 10


def text(value):
    return value if isinstance(value, str) else str(value)


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "benchtest"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.started = {}
        self.play = ""
        self.out = open(os.environ["BENCHTEST_EVENTS"], "a", encoding="utf-8", errors="replace")

    def write(self, event):
        self.out.write(json.dumps(event, default=str) + "\n")
        self.out.flush()

    def v2_runner_on_start(self, host, task):
        self.started[host.get_name(), task._uuid] = time.time()

    def v2_runner_on_ok(self, result):
        self.results(result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.results(result, failed=True, ignored=ignore_errors)

    def v2_runner_on_unreachable(self, result):
        self.results(result, unreachable=True)

    def v2_runner_on_skipped(self, result):
        self.results(result, skipped=True)

    def v2_playbook_on_no_hosts_matched(self):
        self.write({"no_hosts": text(self.play)})

    def v2_playbook_on_play_start(self, play):
        hosts = play.hosts
        self.play = ",".join(map(text, hosts)) if isinstance(hosts, (list, tuple)) else hosts

    def v2_playbook_on_stats(self, stats):
        hosts = {}
        for host in stats.processed:
            s = stats.summarize(host)
            s["changed"] = s.get("changed", 0)
            hosts[host] = s
        self.write({"stats": hosts})

    def results(self, result, **flags):
        """One event for a task, or one for each item of its loop."""
        whole = result._result
        items = whole.get("results") if result._task.loop is not None else None
        if not isinstance(items, list) or not all(isinstance(i, dict) for i in items):
            self.write({"task": self.event(result, whole, **flags)})
            return
        for item in items:
            failed = bool(item.get("failed"))
            self.write({"task": self.event(
                result, item,
                failed=failed, ignored=failed and flags.get("ignored", False),
                unreachable=bool(item.get("unreachable")), skipped=bool(item.get("skipped")),
            )})

    def event(self, result, values, **flags):
        task, host = result._task, result._host.get_name()
        hidden = bool(task.no_log) or bool(values.get("_ansible_no_log"))
        event = {
            "host": host,
            "task": text(task.get_name())[:MAX_TEXT],
            "module": text(getattr(task, "resolved_action", None) or task.action),
            "changed": bool(values.get("changed")),
            "started": self.started.get((host, task._uuid)),
            "ended": time.time(),
        }
        event.update(flags)
        if isinstance(values.get("rc"), int):
            event["rc"] = values["rc"]
        if hidden:
            return event
        event["msg"] = self.message(values)
        event["args"] = self.arguments(task, values)
        if "ansible_loop_var" in values:
            event["item"] = text(values.get(values["ansible_loop_var"]))[:MAX_TEXT]
        return event

    def message(self, values):
        parts = [values.get(k) for k in ("msg", "reason", "skip_reason", "module_stderr", "stderr", "stdout")]
        return "\n".join(text(p).strip() for p in parts if p)[:MAX_TEXT]

    def arguments(self, task, values):
        """The arguments that the task gives, with their templated values."""
        used = values.get("invocation", {}).get("module_args", {})
        args = {k: used.get(k, v) if isinstance(used, dict) else v for k, v in task.args.items()}
        if "cmd" in values and "_raw_params" in args:
            cmd = values["cmd"]
            args = {**args, "argv": cmd} if isinstance(cmd, list) else {**args, "_raw_params": cmd}
        if len(json.dumps(args, default=str)) > MAX_ARGS:
            return {"_truncated": True}
        return args
