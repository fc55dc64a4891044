#!/bin/bash
set -eu
openssl x509 -in /etc/ssl/company/portal.crt -noout -dates
cat /usr/local/share/doc/certificates.txt
sudo issue-certificate 90
sudo nginx -t
sudo systemctl reload nginx
