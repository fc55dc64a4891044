#!/bin/sh
set -e
cp /tmp/site.conf /etc/nginx/sites-enabled/default
