#!/usr/bin/env bash
# Train on all processors of one machine: a process for each GPU, or a few on the CPU. From the project's folder:
#
#   PROCESSES=8 examples/torchrun.sh --data imagenet --out runs/first
#
# What stands behind the script's name goes to `cnncalc train`. SPEC is what is trained.
set -euo pipefail

exec torchrun --standalone --nproc-per-node "${PROCESSES:-2}" \
  -m cnncalc train "${SPEC:-examples/digits.txt}" "$@"
