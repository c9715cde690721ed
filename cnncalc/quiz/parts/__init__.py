"""What exercises are made of: phrases in two languages, answers, mistakes, and what the engine works out."""
