"""What a trained network sees: filters, activation maps, exciting patches, class activation maps, mistakes."""
