"""The style ``volumes``: slabs in a row, as the figures of LeNet, AlexNet and VGG have them."""
