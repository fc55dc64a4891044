#!/bin/bash
set -eu
systemctl cat stock
ls -d /opt/stock-*/bin
sudo sed -i 's|/opt/stock-2.3/bin/stockd|/opt/stock-2.4/bin/stockd|' /etc/systemd/system/stock.service.d/release.conf
sudo systemctl daemon-reload
sudo systemctl reset-failed stock
sudo systemctl restart stock
