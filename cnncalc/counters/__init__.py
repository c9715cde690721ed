"""The counters of other tools, whose numbers papers have: fvcore, thop, ptflops and torchinfo, each as it counts."""
