"""What one step of training needs: model, optimizer, batches, devices, metrics."""
