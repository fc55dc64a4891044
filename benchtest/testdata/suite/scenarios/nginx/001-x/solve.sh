#!/bin/bash
touch "$HOME/ok"
