"""What a network needs on a microcontroller: the flash and the arena of TensorFlow Lite Micro's interpreter."""
