# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
i=0
while [ $i -lt 200 ]; do
	/bin/true
	i=$((i + 1))
done
