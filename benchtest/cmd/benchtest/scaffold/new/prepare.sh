#!/bin/sh
# Breaks the machine, as root. When it ends well, the fault must be there: the
# required rules are asked, and one that holds all the same makes the attempt errored.
set -eu
systemctl disable --now nginx
