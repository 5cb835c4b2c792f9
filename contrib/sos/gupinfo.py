# SPDX-License-Identifier: GPL-2.0-or-later
"""A plugin of sosreport: pages of all processes, and invariants that do not hold.

Copy it to sos/report/plugins/gupinfo.py.
"""

from sos.report.plugins import Plugin, IndependentPlugin


class Gupinfo(Plugin, IndependentPlugin):

    short_desc = "Pages of processes: pinned, shared, leaking"

    plugin_name = "gupinfo"
    profiles = ("system", "memory", "performance")
    packages = ("gupinfo",)

    def setup(self):
        self.add_cmd_output([
            "gupinfo --version",
            "gupinfo --facts",
            "gupinfo --all --sort -PIN",
            "gupinfo --all --json",
            "gupinfo --lint --all",
        ])
