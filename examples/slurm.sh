#!/usr/bin/env bash
# Train on a cluster with SLURM: two machines with four GPUs each, a task for each GPU. From the project's folder:
#
#   sbatch examples/slurm.sh --data /data/imagenet --out runs/first
#
# What stands behind the script's name goes to `cnncalc train`; RUN and the data are on a disk that all machines see.
# A job that is preempted or meets its time limit saves the run 2 minutes before, and `--requeue` continues it.
#SBATCH --job-name=cnncalc
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=4
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=8
#SBATCH --time=12:00:00
#SBATCH --signal=TERM@120
#SBATCH --requeue
set -euo pipefail

export OMP_NUM_THREADS="${SLURM_CPUS_PER_TASK:-1}"

exec srun cnncalc train "${SPEC:-examples/digits.txt}" "$@"
