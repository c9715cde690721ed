"""What is alike becomes one block: its numbers as expressions and parameters, its repeats as loops.

Both ways use it: a network as Python (classes with arguments), and a module as a spec (blocks with parameters).
"""
