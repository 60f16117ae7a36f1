"""The sandbox's Pine compiler: what it refuses, and the inputs and plots of a script."""
