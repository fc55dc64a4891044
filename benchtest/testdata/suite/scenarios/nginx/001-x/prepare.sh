#!/bin/sh
rm "$HOME/ok"
