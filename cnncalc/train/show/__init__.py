"""What a person sees of a run: the terminal, curves, the confusion matrix, logs for TensorBoard."""
