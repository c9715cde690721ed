"""Settings for the tests that run networks."""

import torch

torch.set_num_threads(1)  # the networks are small, and several tests run beside each other
