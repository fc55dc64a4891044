#!/bin/bash
# The reference fix, as the user agent. Engines never see it.
set -eu
sudo systemctl enable --now nginx
