#!/bin/sh
# Starts Redis with its password from the environment, which a command line would show to everybody.
exec redis-server - <<EOF
requirepass $REDIS_PASSWORD
dir /data
appendonly yes
maxmemory 256mb
maxmemory-policy volatile-lru
EOF
